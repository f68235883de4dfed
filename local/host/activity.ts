import type { Activity } from './kernel.ts';

/** A part of the system with a life of its own (a container task, a gateway), asked before stepped time may move. */
export interface Participant {
  readonly name: string;
  settled(): Promise<boolean>;
}

/** The host's own view of {@link Activity}: it also waits for quiet and tells what is still busy. */
export interface HostActivity extends Activity {
  addParticipant(participant: Participant): void;
  removeParticipant(participant: Participant): void;
  /** Resolves when nothing is in flight (participants are not asked). */
  idle(): Promise<void>;
  /**
   * Resolves when nothing is in flight and all participants are settled, twice in a row with nothing begun between.
   * `waiting` tells how much of what is in flight only waits for this very quiet.
   */
  quiet(waiting?: () => number): Promise<void>;
  /** What is in flight now, by label, for messages about a host that does not come to rest. */
  readonly busy: ReadonlyMap<string, number>;
}

/** Turns of the event loop to ask again without a pause; after these, a participant gets a millisecond of real time. */
const EAGER_TURNS = 20;

const none = (): number => 0;
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const breathe = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1));

/** Counts work in flight. `begin` and its end cost one counter and one map entry each. */
export function createActivity(): HostActivity {
  const busy = new Map<string, number>();
  const participants = new Set<Participant>();
  let inFlight = 0;
  let begun = 0;
  let sleepers: { readonly allowed: () => number; readonly wake: () => void }[] = [];

  const end = (label: string): void => {
    inFlight -= 1;
    const left = (busy.get(label) ?? 1) - 1;
    if (left === 0) busy.delete(label);
    else busy.set(label, left);
    if (sleepers.length === 0) return;
    const woken = sleepers.filter(({ allowed }) => inFlight <= allowed());
    if (woken.length === 0) return;
    sleepers = sleepers.filter((sleeper) => !woken.includes(sleeper));
    for (const { wake } of woken) wake();
  };

  const atMost = (allowed: () => number): Promise<void> => {
    if (inFlight <= allowed()) return Promise.resolve();
    return new Promise((wake) => sleepers.push({ allowed, wake }));
  };

  const calmOnce = async (allowed: () => number): Promise<boolean> => {
    const before = begun;
    await nextTurn();
    const answers = await Promise.all([...participants].map((participant) => participant.settled()));
    return inFlight <= allowed() && begun === before && answers.every(Boolean);
  };

  return {
    begin(label) {
      inFlight += 1;
      begun += 1;
      busy.set(label, (busy.get(label) ?? 0) + 1);
      let open = true;
      return () => {
        if (!open) return;
        open = false;
        end(label);
      };
    },
    get inFlight() {
      return inFlight;
    },
    busy,
    addParticipant(participant) {
      participants.add(participant);
    },
    removeParticipant(participant) {
      participants.delete(participant);
    },
    idle: () => atMost(none),
    async quiet(waiting = none) {
      let calm = 0;
      let turns = 0;
      while (calm < 2) {
        await atMost(waiting);
        if (await calmOnce(waiting)) {
          calm += 1;
        } else {
          calm = 0;
          turns += 1;
          if (turns > EAGER_TURNS) await breathe();
        }
      }
    },
  };
}
