import type { CivilDate } from '#core/market/civil-date.ts';
import type { CorporateAction } from '#core/market/corporate-actions.ts';
import type { Instrument } from '#core/market/instrument.ts';
import { cellText, dateCell } from './cell-values.ts';
import { type CsvOptions, streamCsv } from './csv-file.ts';
import { collect } from './file-intake.ts';
import {
  type BadCell,
  type ColumnRules,
  type FileKind,
  MarketFileError,
  malformedText,
} from './market-file.ts';

type ActionColumn = 'date' | 'kind' | 'value';
interface ActionRow {
  readonly action: CorporateAction;
}

const COLUMNS: ColumnRules<ActionColumn> = {
  date: { names: ['date', 'exdate'] },
  kind: { names: ['kind', 'type', 'action'] },
  value: { names: ['value', 'ratio', 'amount'] },
};

const DECIMAL = /^\d{1,12}(?:\.\d{1,12})?$/;
const RATIO = /^(\d{1,9}(?:\.\d{1,9})?):(\d{1,9}(?:\.\d{1,9})?)$/;
const ID = /^[A-Z0-9][A-Z0-9.-]*$/;

function actionOf(
  instrument: Instrument,
  exDate: CivilDate,
  kind: string,
  value: string,
): CorporateAction | ({ readonly column: ActionColumn } & BadCell) {
  const { id, currency } = instrument;
  switch (kind) {
    case 'split': {
      const [, newUnits, oldUnits] = (RATIO.exec(value) ?? []).map(Number);
      return newUnits !== undefined && oldUnits !== undefined && newUnits > 0 && oldUnits > 0
        ? { kind, instrument: id, exDate, newUnits, oldUnits }
        : { column: 'value', expected: 'new units for old ones, such as 7:1' };
    }
    case 'dividend':
      return DECIMAL.test(value)
        ? { kind: 'cash-dividend', instrument: id, exDate, amount: value, currency }
        : { column: 'value', expected: `an amount of ${currency} a unit, such as 0.57` };
    case 'symbol-change':
      return ID.test(value)
        ? { kind, instrument: id, exDate, newInstrument: value }
        : { column: 'value', expected: 'the id from that date on, such as META' };
    case 'delisting':
      return value === '' || DECIMAL.test(value)
        ? { kind, instrument: id, exDate, finalValue: value === '' ? null : value }
        : { column: 'value', expected: 'what a unit was worth afterwards, such as 0 or 12.50, or nothing' };
  }
  return { column: 'kind', expected: 'split, dividend, symbol-change or delisting' };
}

function actionFiles(instrument: Instrument): FileKind<ActionColumn, ActionRow, CorporateAction[], object> {
  return {
    columns: COLUMNS,
    inspector() {
      const actions: CorporateAction[] = [];
      return {
        quarantined: 0,
        observe: ({ action }) => void actions.push(action),
        take: () => actions,
        finish: () => ({ series: actions, report: {} }),
      };
    },
    read(line, cell) {
      const date = dateCell(cell('date'));
      if (typeof date === 'object') return { column: 'date', expected: date.expected };
      const action = actionOf(
        instrument,
        date,
        cellText(cell('kind')).toLowerCase(),
        cellText(cell('value')),
      );
      return 'column' in action ? action : { source: line, action };
    },
  };
}

/**
 * Corporate actions of one instrument from a CSV file with the columns `date` (the ex-date), `kind` (`split`, `dividend`,
 * `symbol-change`, `delisting`) and `value` (`7:1`, an amount a unit, the new id, the final value or nothing).
 * @throws MarketFileError for the first line that can't be read: an action left out would be silence about prices
 */
export async function loadCorporateActions(
  file: string,
  instrument: Instrument,
  options: CsvOptions = {},
): Promise<readonly CorporateAction[]> {
  const { series, report } = await collect(
    streamCsv(file, actionFiles(instrument), { ...options, batchSize: Number.POSITIVE_INFINITY }),
  );
  const [bad] = report.malformed;
  if (bad !== undefined) {
    throw new MarketFileError(
      file,
      `${report.malformed.length} of its lines can't be read as corporate actions, the first: ${malformedText(bad)}`,
    );
  }
  return series;
}
