import { describe, expect, it } from 'vitest';
import { parseScheduleExpression } from '#local/aws/events/schedule-expression.ts';

const next = (expression: string, after: string, timezone?: string): string | undefined => {
  const at = parseScheduleExpression(expression, timezone).next(
    Date.parse(after),
    Date.parse('2018-02-05T00:00:00Z'),
  );
  return at === undefined ? undefined : new Date(at).toISOString();
};

describe('schedule expressions', () => {
  it.each([
    ['cron(30 9 ? * MON-FRI *)', '2018-02-02T14:30:00Z', 'America/New_York', '2018-02-05T14:30:00.000Z'],
    ['cron(30 9 ? * 2-6 *)', '2018-02-02T14:30:00Z', 'America/New_York', '2018-02-05T14:30:00.000Z'],
    ['cron(0/5 14-20 ? * MON-FRI *)', '2018-02-05T14:31:00Z', 'UTC', '2018-02-05T14:35:00.000Z'],
    ['cron(0 8 1 * ? *)', '2018-02-05T00:00:00Z', 'Europe/London', '2018-03-01T08:00:00.000Z'],
    ['cron(0 12 ? * 1 2018)', '2018-02-05T00:00:00Z', 'UTC', '2018-02-11T12:00:00.000Z'],
    ['rate(5 minutes)', '2018-02-05T00:07:00Z', 'UTC', '2018-02-05T00:10:00.000Z'],
    ['rate(1 day)', '2018-02-05T00:00:00Z', 'UTC', '2018-02-06T00:00:00.000Z'],
    ['at(2018-02-05T09:30:00)', '2018-02-05T00:00:00Z', 'America/New_York', '2018-02-05T14:30:00.000Z'],
    ['at(2018-02-05T09:30:00)', '2018-02-05T14:30:00Z', 'America/New_York', undefined],
  ])('%s after %s in %s', (expression, after, timezone, expected) => {
    expect(next(expression, after, timezone)).toBe(expected);
  });

  it('follows daylight saving: the same wall time, another instant', () => {
    const expression = 'cron(30 9 ? * MON-FRI *)';
    expect(next(expression, '2018-03-09T20:00:00Z', 'America/New_York')).toBe('2018-03-12T13:30:00.000Z');
  });

  it.each([
    'cron(* * * *)',
    'rate(0 minutes)',
    'rate(5 weeks)',
    'at(tomorrow)',
    'every day',
    'cron(61 * * * ? *)',
  ])('refuses %s', (expression) => {
    expect(() => parseScheduleExpression(expression)).toThrow(RangeError);
  });
});
