import { describe, expect, it } from 'vitest';
import { journalEntry } from '#core/events/new-event.ts';

const halted = { by: 'a person', reason: 'as a test', at: 'now' };

describe('an event for the journal', () => {
  it('is refused where it is made when its data are not what its schema says', () => {
    const make = () =>
      journalEntry<'MemoryRecorded'>({
        type: 'MemoryRecorded',
        key: '1',
        correlationId: 'c',
        causationId: null,
        sender: 'memory',
        occurredAt: 0,
        data: halted as never,
      });
    expect(make).toThrow(expect.objectContaining({ code: 'InvalidEvent', retryable: false }));
    expect(make).toThrow(/"MemoryRecorded" is not valid/);
  });
});
