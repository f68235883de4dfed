/**
 * Replaces the thread's stdout and stderr with a buffer of whole lines. Lines leave once a turn of the event loop and
 * whenever `drain` is called, so that an invocation's last lines travel with its answer.
 *
 * @param {(lines: string[]) => void} send
 */
export function captureLines(send) {
  let lines = [];
  let scheduled = false;
  const drain = () => {
    const taken = lines;
    lines = [];
    return taken;
  };
  const flush = () => {
    scheduled = false;
    if (lines.length > 0) send(drain());
  };
  for (const stream of [process.stdout, process.stderr]) {
    let partial = '';
    stream.write = (chunk, encoding, done) => {
      const text = partial + (typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8'));
      const parts = text.split('\n');
      partial = parts.pop() ?? '';
      lines.push(...parts);
      if (!scheduled && lines.length > 0) {
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
