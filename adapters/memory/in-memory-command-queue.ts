import type { CommandQueue, ReceivedCommand } from '#core/broker/command-queue.ts';

interface Message {
  readonly messageId: string;
  readonly group: string;
  readonly body: string;
  hidden: boolean;
  receipts: number;
}

/** A {@link CommandQueue} that tests and single-process runs put commands into. */
export interface InMemoryCommandQueue extends CommandQueue {
  put(body: string, group?: string): string;
  /** Makes a received message visible again, as when its time ran out: it is delivered once more. */
  redeliver(messageId: string): void;
  /** Bodies that were not deleted. */
  readonly remaining: () => readonly string[];
}

/** First in, first out within a group: what is hidden holds the rest of its group back. */
export function inMemoryCommandQueue(): InMemoryCommandQueue {
  let messages: Message[] = [];
  let wake: (() => void) | null = null;
  let count = 0;
  const changed = () => {
    const waiting = wake;
    wake = null;
    waiting?.();
  };
  const withReceipt = (receipt: string) =>
    messages.find(({ messageId }) => receipt.startsWith(`${messageId}/`));
  const deliverable = (): ReceivedCommand[] => {
    const blocked = new Set(messages.filter(({ hidden }) => hidden).map(({ group }) => group));
    return messages
      .filter(({ hidden, group }) => !hidden && !blocked.has(group))
      .map((message) => {
        message.hidden = true;
        message.receipts += 1;
        const { messageId, body } = message;
        return { messageId, body, receipt: `${messageId}/${message.receipts}` };
      });
  };
  return {
    put(body, group = 'all') {
      count += 1;
      const messageId = `message-${count}`;
      messages.push({ messageId, group, body, hidden: false, receipts: 0 });
      changed();
      return messageId;
    },
    redeliver(messageId) {
      for (const message of messages) if (message.messageId === messageId) message.hidden = false;
      changed();
    },
    remaining: () => messages.map(({ body }) => body),
    async receive(signal) {
      for (;;) {
        if (signal.aborted) return [];
        const found = deliverable();
        if (found.length > 0) return found;
        await new Promise<void>((resolve) => {
          wake = resolve;
          signal.addEventListener('abort', () => resolve(), { once: true });
        });
      }
    },
    async delete(receipt) {
      const message = withReceipt(receipt);
      messages = messages.filter((other) => other !== message);
      changed();
    },
    async extend(receipt, seconds) {
      const message = withReceipt(receipt);
      if (message === undefined || seconds > 0) return;
      message.hidden = false;
      changed();
    },
  };
}
