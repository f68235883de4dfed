import { orderLeg, requestContract, tagValue, whenCombination } from './contract.ts';
import {
  before,
  between,
  counted,
  type FieldCodec,
  type Fields,
  fixed,
  flag,
  integer,
  layout,
  type MessageOf,
  number,
  numberOrZero,
  optionalInteger,
  since,
  text,
  when,
  withAbsent,
} from './fields.ts';

const given = (name: string) => (_version: number, message: Fields) =>
  typeof message[name] === 'string' && message[name] !== '';
const ofType = (orderType: string) => (_version: number, message: Fields) =>
  message['orderType'] === orderType;

/** Fields that follow the kind of an order condition. */
const CONDITION_FIELDS: Readonly<Record<number, number>> = { 1: 6, 3: 3, 4: 3, 5: 4, 6: 5, 7: 5 };

/** A condition kept as its texts: the gateway refuses conditional orders, but must step over them exactly. */
interface ConditionFields {
  readonly kind: number;
  readonly fields: readonly string[];
}

const condition: FieldCodec<ConditionFields> = {
  read(from, version, message) {
    const kind = integer.read(from, version, message);
    const count = CONDITION_FIELDS[kind] ?? 0;
    return { kind, fields: Array.from({ length: count }, () => from.next()) };
  },
  write(to, value) {
    to.push(String(value.kind), ...value.fields);
  },
  absent: { kind: 0, fields: [] },
};

const conditional = when(
  (_version, message) => ((message['conditions'] as readonly unknown[] | undefined)?.length ?? 0) > 0,
  flag,
);

const scaleDetail = layout({
  priceAdjustValue: number,
  priceAdjustInterval: optionalInteger,
  profitOffset: number,
  autoReset: flag,
  initPosition: optionalInteger,
  initFillQuantity: optionalInteger,
  randomPercent: flag,
});

const deltaNeutralDetail = layout({
  conId: integer,
  settlingFirm: text,
  clearingAccount: text,
  clearingIntent: text,
  openClose: text,
  shortSale: flag,
  shortSaleSlot: integer,
  designatedLocation: text,
});

const pegToBenchmark = layout({
  referenceContractId: integer,
  isPeggedChangeAmountDecrease: flag,
  peggedChangeAmount: number,
  referenceChangeAmount: number,
  referenceExchangeId: text,
});

/** placeOrder (3) at server versions 176–193, after the message id. */
export const placeOrder = layout({
  orderId: integer,
  contract: requestContract,
  secIdType: text,
  secId: text,
  action: text,
  totalQuantity: number,
  orderType: text,
  limitPrice: number,
  auxPrice: number,
  timeInForce: text,
  ocaGroup: text,
  account: text,
  openClose: text,
  origin: integer,
  orderRef: text,
  transmit: flag,
  parentId: integer,
  blockOrder: flag,
  sweepToFill: flag,
  displaySize: optionalInteger,
  triggerMethod: integer,
  outsideRth: flag,
  hidden: flag,
  comboLegs: whenCombination(counted(orderLeg)),
  comboLegPrices: whenCombination(counted(number)),
  smartComboRouting: whenCombination(counted(tagValue)),
  sharesAllocation: fixed(''),
  discretionaryAmount: numberOrZero,
  goodAfterTime: text,
  goodTillDate: text,
  faGroup: text,
  faMethod: text,
  faPercentage: text,
  faProfile: before(177, text),
  modelCode: text,
  shortSaleSlot: integer,
  designatedLocation: text,
  exemptCode: withAbsent(integer, -1),
  ocaType: integer,
  rule80A: text,
  settlingFirm: text,
  allOrNone: flag,
  minimumQuantity: optionalInteger,
  percentOffset: number,
  eTradeOnly: flag,
  firmQuoteOnly: flag,
  nbboPriceCap: number,
  auctionStrategy: optionalInteger,
  startingPrice: number,
  stockReferencePrice: number,
  delta: number,
  stockRangeLower: number,
  stockRangeUpper: number,
  overridePercentageConstraints: flag,
  volatility: number,
  volatilityType: optionalInteger,
  deltaNeutralOrderType: text,
  deltaNeutralAuxPrice: number,
  deltaNeutralDetail: when(given('deltaNeutralOrderType'), deltaNeutralDetail),
  continuousUpdate: integer,
  referencePriceType: optionalInteger,
  trailStopPrice: number,
  trailingPercent: number,
  scaleInitLevelSize: optionalInteger,
  scaleSubsLevelSize: optionalInteger,
  scalePriceIncrement: number,
  scaleDetail: when((_version, message) => Number(message['scalePriceIncrement'] ?? 0) > 0, scaleDetail),
  scaleTable: text,
  activeStartTime: text,
  activeStopTime: text,
  hedgeType: text,
  hedgeParam: when(given('hedgeType'), text),
  optOutSmartRouting: flag,
  clearingAccount: text,
  clearingIntent: text,
  notHeld: flag,
  deltaNeutralContract: flag,
  deltaNeutralContractDetail: when(
    (_version, message) => message['deltaNeutralContract'] === true,
    layout({ conId: integer, delta: number, price: number }),
  ),
  algoStrategy: text,
  algoParameters: when(given('algoStrategy'), counted(tagValue)),
  algoId: text,
  whatIf: flag,
  orderMiscOptions: text,
  solicited: flag,
  randomizeSize: flag,
  randomizePrice: flag,
  pegToBenchmark: when(ofType('PEG BENCH'), pegToBenchmark),
  conditions: counted(condition),
  conditionsIgnoreRth: conditional,
  conditionsCancelOrder: conditional,
  adjustedOrderType: text,
  triggerPrice: number,
  limitPriceOffset: number,
  adjustedStopPrice: number,
  adjustedStopLimitPrice: number,
  adjustedTrailingAmount: number,
  adjustableTrailingUnit: integer,
  extOperator: text,
  softDollarName: text,
  softDollarValue: text,
  cashQuantity: number,
  mifid2DecisionMaker: text,
  mifid2DecisionAlgo: text,
  mifid2ExecutionTrader: text,
  mifid2ExecutionAlgo: text,
  dontUseAutoPriceForHedge: flag,
  isOmsContainer: flag,
  discretionaryUpToLimitPrice: flag,
  usePriceManagementAlgo: text,
  duration: optionalInteger,
  postToAts: optionalInteger,
  autoCancelParent: flag,
  advancedErrorOverride: text,
  manualOrderTime: text,
  minimumTradeQuantity: when(
    (_version, message) => (message['contract'] as { exchange?: string } | undefined)?.exchange === 'IBKRATS',
    optionalInteger,
  ),
  pegBestMinimumCompeteSize: when(ofType('PEG BEST'), optionalInteger),
  pegBestOffset: when(ofType('PEG BEST'), number),
  pegMidOffsetAtWhole: when(pegged, number),
  pegMidOffsetAtHalf: when(pegged, number),
  customerAccount: since(183, text),
  professionalCustomer: since(184, flag),
  bondAccruedInterestDeprecated: between(187, 190, text),
  requestForQuoteDeprecated: between(187, 190, optionalInteger),
  includeOvernight: since(189, flag),
  manualOrderIndicator: since(192, optionalInteger),
});
export type PlaceOrder = MessageOf<(typeof placeOrder)['codecs']>;

/** PEG MID always carries its offsets; PEG BEST only when it competes up to the midpoint (an infinite offset). */
function pegged(_version: number, message: Fields): boolean {
  return (
    message['orderType'] === 'PEG MID' ||
    (message['orderType'] === 'PEG BEST' && message['pegBestOffset'] === Number.POSITIVE_INFINITY)
  );
}
