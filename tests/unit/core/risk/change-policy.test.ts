import { describe, expect, it } from 'vitest';
import { EVENTS } from '#contracts/registry.ts';
import { decidePolicyChange, policyChanged } from '#core/risk/change-policy.ts';
import { DEFAULT_RISK_POLICY, InvalidRiskPolicyError, type RiskPolicy } from '#core/risk/policy.ts';
import { bookOf, NOW } from '../../../support/desk-events.ts';
import { fallTo } from '../../../support/drawdown.ts';

const ANA = { by: 'ana', reason: 'smaller until the summer' };
const decide = (proposed: unknown, signer = ANA, book = bookOf(), inForce = DEFAULT_RISK_POLICY) =>
  decidePolicyChange(inForce, proposed, signer, book);
const explained = (...given: Parameters<typeof decide>) => {
  const decision = decide(...given);
  return decision.kind === 'refused' ? decision.explanation : decision.kind;
};
const smaller: RiskPolicy = {
  ...DEFAULT_RISK_POLICY,
  position: { ...DEFAULT_RISK_POLICY.position, maximum: 0.2 },
  restricted: ['AAPL'],
};
const earlier: RiskPolicy = {
  ...DEFAULT_RISK_POLICY,
  drawdown: { ...DEFAULT_RISK_POLICY.drawdown, reduce: 0.045 },
};

describe('a change of the risk policy', () => {
  it('names each value it touches and gets the next version', () => {
    expect(decide(smaller)).toEqual({
      kind: 'changed',
      policy: { ...smaller, version: 2 },
      differences: [
        { path: 'position.maximum', from: '0.3', to: '0.2' },
        { path: 'restricted', from: '[]', to: '["AAPL"]' },
      ],
    });
  });

  it('is journaled with its digest', () => {
    const { event } = policyChanged({ ...smaller, version: 2 }, ANA, 'operator', NOW);
    expect(EVENTS.PolicyChanged.data.safeParse(event.data).success).toBe(true);
    expect(event.data).toMatchObject({
      version: 2,
      by: 'ana',
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    const other = policyChanged({ ...smaller, version: 3 }, ANA, 'operator', NOW).event;
    expect(other.data.sha256).not.toBe(event.data.sha256);
  });

  it('takes a person and a reason, and a file made from what is in force', () => {
    expect(explained(smaller, { by: ' ', reason: ANA.reason })).toMatch(/the name of a person/);
    expect(explained(smaller, { by: 'ana', reason: 'too short' })).toMatch(/at least ten characters/);
    expect(explained(DEFAULT_RISK_POLICY)).toMatch(/in force already/);
    expect(explained(smaller, ANA, bookOf(), { ...DEFAULT_RISK_POLICY, version: 7 })).toBe(
      'the file was made from version 1; in force is version 7: print that one with `abc policy`, change it and try again',
    );
  });

  it('is never above the hard ceiling, nor anything but a policy', () => {
    const loose = { ...DEFAULT_RISK_POLICY, grossLeverage: 3 };
    expect(() => decide(loose)).toThrow(/grossLeverage is 3, above the hard ceiling of 2/);
    for (const proposed of [null, [], 'policy', { version: 1 }, { ...smaller, extra: 1 }])
      expect(() => decide(proposed)).toThrow(InvalidRiskPolicyError);
  });

  it('moves no drawdown figure while a drawdown step stands, and other limits all the same', () => {
    expect(decide(earlier).kind).toBe('changed');
    for (const price of ['96', '95']) {
      const { book } = fallTo(price);
      expect(explained(earlier, ANA, book)).toMatch(/^drawdown.reduce cannot be changed while/);
      expect(decide(smaller, ANA, book).kind).toBe('changed');
    }
  });
});
