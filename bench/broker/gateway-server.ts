import { type Bar, barSeries } from '#core/market/bars.ts';
import { startPaperGateway } from '#local/paper-gateway/gateway.ts';
import { SteppedClock } from '#local/paper-gateway/stepped-clock.ts';
import { type MemoryTapeInstrument, memoryTape } from '#local/paper-gateway/tape.ts';

/**
 * The paper gateway in a process of its own, so that its memory is its own: `fork` it with the directory for its state and
 * the number of instruments. Says `{port}`; takes `{advance: milliseconds}` and answers `{advanced: true}`; takes
 * `{memory: true}` and answers `{rss}` in bytes; ends on `{end: true}`.
 */
const MINUTE = 60_000;
const OPEN = Date.UTC(2018, 1, 5, 14, 30);
const [directory = '', lines = '1'] = process.argv.slice(2);

function instrument(index: number): MemoryTapeInstrument {
  const name = `S${String(index).padStart(3, '0')}`;
  const rows = Array.from({ length: 390 }, (_, minute): Bar => {
    const openTime = OPEN + minute * MINUTE;
    return {
      openTime,
      closeTime: openTime + MINUTE,
      open: 100,
      high: 100.1,
      low: 99.9,
      close: 100,
      volume: 1e9,
    };
  });
  return {
    instrument: name,
    assetClass: 'equity',
    tradable: true,
    tick: '0.01',
    lot: '1',
    timeZone: 'America/New_York',
    contract: {
      conId: index + 1,
      symbol: name,
      secType: 'STK',
      exchange: 'SMART',
      primaryExchange: 'NASDAQ',
      currency: 'USD',
      localSymbol: name,
      tradingClass: 'NMS',
      multiplier: '1',
      longName: name,
      industry: '',
    },
    sessions: [
      {
        date: '2018-02-05',
        openTime: OPEN,
        closeTime: OPEN + 390 * MINUTE,
        bars: barSeries(name, { unit: 'minute', count: 1 }, rows),
      },
    ],
    daily: barSeries(name, { unit: 'session' }, [
      {
        openTime: OPEN - 86_400_000,
        closeTime: OPEN - 60_000_000,
        open: 100,
        high: 100,
        low: 100,
        close: 100,
        volume: 1e9,
      },
    ]),
  };
}

const clock = new SteppedClock(OPEN);
const gateway = await startPaperGateway({
  port: 0,
  clock,
  tape: memoryTape(Array.from({ length: Number(lines) }, (_, index) => instrument(index))),
  directory,
  seed: 1,
  initialCash: '1000000000',
});
let most = 0;
setInterval(() => {
  most = Math.max(most, process.memoryUsage.rss());
}, 50).unref();

process.on('message', (message: { advance?: number; memory?: true; end?: true }) => {
  if (message.advance !== undefined) {
    clock.advance(message.advance);
    process.send?.({ advanced: true });
  }
  if (message.memory) process.send?.({ rss: Math.max(most, process.memoryUsage.rss()) });
  if (message.end) void gateway.close().then(() => process.disconnect());
});
process.send?.({ port: gateway.port });
