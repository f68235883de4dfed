import { createHash } from 'node:crypto';

/** A deterministic stream of random numbers. Same seed, same numbers, on every machine. */
export interface Random {
  /** Uniform on [0, 1), 32 bits of resolution. */
  next(): number;
  /** Standard normal (Box–Muller, both values used). */
  normal(): number;
  /** Uniform integer on [0, bound). */
  integer(bound: number): number;
}

/** 32 bits of seed from any text (SHA-256, first four bytes), so that seeds compose: `seedOf(seed, day, symbol)`. */
export function seedOf(...parts: readonly (string | number)[]): number {
  return createHash('sha256').update(parts.join('\u0000')).digest().readUInt32BE(0);
}

/** Mulberry32 (public domain, T. Ettinger): a 32-bit generator, full period 2^32, good enough for Monte Carlo of 10^6 draws. */
export function seededRandom(seed: number): Random {
  return new Mulberry32(seed);
}

class Mulberry32 implements Random {
  /** Kept signed: such integers need no allocation, and every operation on them is on their 32 bits. */
  #state: number;
  /** The second value of a pair of normal draws; NaN where it has been used. */
  #spare = Number.NaN;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  }

  normal(): number {
    const spare = this.#spare;
    if (!Number.isNaN(spare)) {
      this.#spare = Number.NaN;
      return spare;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - this.next()));
    const angle = 2 * Math.PI * this.next();
    this.#spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  integer(bound: number): number {
    return Math.floor(this.next() * bound);
  }
}
