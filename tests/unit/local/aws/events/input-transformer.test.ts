import { describe, expect, it } from 'vitest';
import { compileInput, type InputSettings } from '#local/aws/events/input-transformer.ts';

const event = {
  id: 'e1',
  'detail-type': 'T',
  source: 's',
  detail: { name: 'a "quoted" name', list: [{ price: 7 }], nested: { flag: true } },
};
const rule = { arn: 'arn:aws:events:us-east-1:000000000000:rule/desk/r', name: 'r' };
const shaped = (settings: InputSettings): string =>
  compileInput(settings, rule)(event, JSON.stringify(event), '2018-02-05T14:30:00Z');
const template = (InputTemplate: string, InputPathsMap: Record<string, string> = {}): string =>
  shaped({ InputTransformer: { InputTemplate, InputPathsMap } });

describe('input of a target', () => {
  it('is the event as it came, where nothing is said', () => {
    expect(shaped({})).toBe(JSON.stringify(event));
  });
  it('is a constant, or a part', () => {
    expect(shaped({ Input: '{"x":1}' })).toBe('{"x":1}');
    expect(shaped({ InputPath: '$.detail.list[0]' })).toBe('{"price":7}');
    expect(shaped({ InputPath: "$['detail-type']" })).toBe('"T"');
  });
  it('keeps the type of a value outside quotes and escapes it inside them', () => {
    const paths = { name: '$.detail.name', price: '$.detail.list[0].price', nested: '$.detail.nested' };
    expect(
      JSON.parse(
        template('{"name":<name>,"price":<price>,"nested":<nested>,"text":"<name>: <nested>"}', paths),
      ),
    ).toEqual({
      name: event.detail.name,
      price: 7,
      nested: { flag: true },
      text: 'a "quoted" name: {"flag":true}',
    });
  });
  it('gives null, or nothing within quotes, for a path that finds nothing', () => {
    expect(JSON.parse(template('{"a":<gone>,"b":"[<gone>]"}', { gone: '$.detail.gone.deeper' }))).toEqual({
      a: null,
      b: '[]',
    });
  });
  it('knows the rule, the time and the event', () => {
    expect(
      JSON.parse(
        template(
          '{"r":<aws.events.rule-name>,"t":<aws.events.event.ingestion-time>,"e":<aws.events.event.json>,"m":<aws.events.event>}',
        ),
      ),
    ).toEqual({
      r: 'r',
      t: '2018-02-05T14:30:00Z',
      e: event,
      m: { id: 'e1', 'detail-type': 'T', source: 's' },
    });
  });
  it('refuses a placeholder that no path defines and a path it does not understand', () => {
    expect(() => template('{"a":<b>}')).toThrow(/<b>/);
    expect(() => template('"<b>"', { b: '$.detail[*]' })).toThrow(/not understood/);
  });
});
