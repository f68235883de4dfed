import * as crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';

/**
 * In stepped time a run must repeat exactly, so what code draws at random (`Math.random`, `randomUUID`) follows from a
 * seed: that of whoever's code runs.
 *
 * @param {() => { seed: string, drawn: number } | undefined} current
 */
export function installSeededRandom(current) {
  const nobody = { seed: '', drawn: 0 };
  const bytes = () => {
    const source = current() ?? nobody;
    return crypto
      .createHash('sha256')
      .update(`${source.seed}/${source.drawn++}`)
      .digest();
  };
  const randomUUID = () => {
    const digest = bytes().subarray(0, 16);
    digest[6] = (digest[6] & 0x0f) | 0x40;
    digest[8] = (digest[8] & 0x3f) | 0x80;
    return digest.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  };
  Math.random = () => bytes().readUInt32BE(0) / 4294967296;
  crypto.default.randomUUID = randomUUID;
  syncBuiltinESMExports();
  globalThis.crypto.randomUUID = randomUUID;
}
