import type { EngineMarks } from './options.ts';

/**
 * The columns that a simulation writes its marks into. Given to one simulation after another they are written anew each
 * time, so that a search of thousands of trials asks the system for memory once; what an earlier one returned is gone then.
 */
export class MarkColumns {
  #columns: EngineMarks = columnsOf(0);
  #time: Float64Array = new Float64Array(0);

  /**
   * The columns, of at least `length` rows.
   * @param time the times of the marks where they are known before: they are then the result's, uncopied
   */
  of(length: number, time?: Float64Array): EngineMarks {
    if (this.#columns.equity.length < length) this.#columns = columnsOf(length);
    if (time === undefined && this.#time.length < length) this.#time = new Float64Array(length);
    this.#columns = { ...this.#columns, time: time ?? this.#time };
    return this.#columns;
  }

  /** The first `length` rows: the columns themselves where that is all of them, so that nothing is copied. */
  marks(length: number): EngineMarks {
    const cut = (name: keyof EngineMarks) => {
      const column = this.#columns[name];
      return column.length === length ? column : column.slice(0, length);
    };
    return {
      time: cut('time'),
      equity: cut('equity'),
      cash: cut('cash'),
      grossExposure: cut('grossExposure'),
      netExposure: cut('netExposure'),
      drawdown: cut('drawdown'),
    };
  }
}

const columnsOf = (length: number): EngineMarks => {
  const column = () => new Float64Array(length);
  return {
    time: new Float64Array(0),
    equity: column(),
    cash: column(),
    grossExposure: column(),
    netExposure: column(),
    drawdown: column(),
  };
};
