import {
  counted,
  flag,
  integer,
  layout,
  type MessageOf,
  number,
  numberOrZero,
  optionalInteger,
  text,
  when,
} from './fields.ts';

const strike = { ...number, absent: 0 };

/** A contract as requests carry it. Any field may be empty. */
export const requestContract = layout({
  conId: integer,
  symbol: text,
  secType: text,
  lastTradeDateOrContractMonth: text,
  strike,
  right: text,
  multiplier: text,
  exchange: text,
  primaryExchange: text,
  currency: text,
  localSymbol: text,
  tradingClass: text,
});
export type RequestContract = MessageOf<(typeof requestContract)['codecs']>;

/** A contract as orders and executions carry it back: no primary exchange. */
export const answeredContract = layout({
  conId: integer,
  symbol: text,
  secType: text,
  lastTradeDateOrContractMonth: text,
  strike: numberOrZero,
  right: text,
  multiplier: text,
  exchange: text,
  currency: text,
  localSymbol: text,
  tradingClass: text,
});
export type AnsweredContract = MessageOf<(typeof answeredContract)['codecs']>;

/** One leg of a combination in a data request. */
export const dataLeg = layout({ conId: integer, ratio: integer, action: text, exchange: text });

/** One leg of a combination in an order. */
export const orderLeg = layout({
  conId: integer,
  ratio: integer,
  action: text,
  exchange: text,
  openClose: optionalInteger,
  shortSaleSlot: optionalInteger,
  designatedLocation: text,
  exemptCode: optionalInteger,
});

export const tagValue = layout({ tag: text, value: text });

/** The delta-neutral contract that may accompany a contract. */
export const deltaNeutral = { present: flag, conId: integer, delta: number, price: number };

/** Fields that only a combination carries. */
export const whenCombination = <T>(codec: Parameters<typeof when<T>>[1]): ReturnType<typeof when<T>> =>
  when<T>(
    (_version, message) => (message['contract'] as RequestContract | undefined)?.secType === 'BAG',
    codec,
  );

export const dataLegs = whenCombination(counted(dataLeg));
