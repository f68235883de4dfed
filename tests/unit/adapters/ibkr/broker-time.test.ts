import { describe, expect, it } from 'vitest';
import { GatewayTime } from '#adapters/ibkr/broker-time.ts';

const AT = Date.parse('2018-02-05T15:31:00.000Z');
const SUMMER = Date.parse('2018-07-05T14:31:00.000Z');

describe('the times of a gateway', () => {
  it.each([
    ['20180205 10:31:00 America/New_York', AT],
    ['20180205  10:31:00 US/Eastern', AT],
    ['20180205-15:31:00', AT],
    ['20180205 15:31:00 UTC', AT],
    ['20180205 10:31:00 EST', AT],
    ['20180205 10:31:00 EST5EDT', AT],
    ['20180205 07:31:00 PST', AT],
    ['20180205 16:31:00 MET', AT],
    ['20180205 16:31:00 Central European Standard Time', AT],
    ['20180705 16:31:00 Central European Standard Time', SUMMER],
    ['20180705 10:31:00 EDT', SUMMER],
    ['20180705 07:31:00 Pacific Daylight Time', SUMMER],
  ])('are read by the name of their zone: %s', (text, instant) => {
    expect(new GatewayTime().instant(text)).toBe(instant);
  });

  it.each([
    '',
    '20180205',
    '20181305 10:31:00',
    '20180205 15:31:00',
    '20180205 10:31:00 Mars/Base',
    '20180205 09:31:00 CST',
    // The clocks of New York then, or five hours behind UTC.
    '20180705 10:31:00 EST',
  ])('are unknown where it is not certain what they mean: "%s"', (text) => {
    expect(new GatewayTime().instant(text)).toBeNull();
  });

  it.each([
    ['20180705 10:31:00 EST', '20180705 10:00:09 EST'],
    ['20180705 22:31:00 CST', '20180705 22:00:09 CST'],
    ['20180705 20:01:00', '20180705 19:30:00 India Standard Time'],
    ['20180705 20:01:00 India Standard Time', '20180705 19:30:00 India Standard Time'],
    ['20180705 10:31:00', '20180705 10:00:00 US/Eastern'],
  ])('are read by its clock, under whatever name: %s of one that greets at %s', (text, greeting) => {
    const time = new GatewayTime();
    time.greeted(greeting);
    expect(time.instant(text)).toBeNull();
    time.told(Date.parse('2018-07-05T14:00:12.000Z'));
    // Only how it stood to its greeting says where it stands.
    time.told(Date.parse('2018-07-05T20:00:00.000Z'));
    expect(time.instant(text)).toBe(SUMMER);
  });
});
