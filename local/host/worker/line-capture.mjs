/**
 * Replaces the thread's stdout and stderr with buffers of whole lines, one for each owner of the code that writes.
 * Lines leave once a turn of the event loop and whenever `drain` is called, so that an invocation's last lines travel
 * with its answer.
 *
 * @template Owner
 * @param {(lines: string[], owner: Owner) => void} send
 * @param {() => Owner} [owner] whose code runs now
 */
export function captureLines(send, owner = () => undefined) {
  const lines = new Map();
  let scheduled = false;
  const drain = (of) => {
    const taken = lines.get(of) ?? [];
    lines.delete(of);
    return taken;
  };
  const flush = () => {
    scheduled = false;
    for (const of of [...lines.keys()]) send(drain(of), of);
  };
  for (const stream of [process.stdout, process.stderr]) {
    const partial = new Map();
    stream.write = (chunk, encoding, done) => {
      const of = owner();
      const text =
        (partial.get(of) ?? '') + (typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8'));
      const parts = text.split('\n');
      partial.set(of, parts.pop() ?? '');
      if (parts.length > 0) {
        const kept = lines.get(of);
        if (kept === undefined) lines.set(of, parts);
        else kept.push(...parts);
      }
      if (!scheduled && lines.size > 0) {
        scheduled = true;
        setImmediate(flush);
      }
      const callback = typeof encoding === 'function' ? encoding : done;
      if (typeof callback === 'function') queueMicrotask(callback);
      return true;
    };
  }
  process.on('exit', flush);
  return { drain };
}
