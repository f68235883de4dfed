/** What a result depends on: a name, and columns of numbers by their contents. */
export interface Dependence {
  readonly name: string;
  readonly columns: readonly Float64Array[];
}

interface Kept<R> extends Dependence {
  readonly result: R;
}

/**
 * A pure function that remembers its last results. Decisions are taken many times a day on the same daily history, and
 * comparing a few thousand numbers costs a thousandth of training a model on them. Contents are compared, not identity
 * (columns can be written to), NaN equals NaN, and results must not be changed by who gets them.
 *
 * @param dependence everything that `compute` reads of its arguments
 * @param most results kept; the one used longest ago goes first
 */
export function memoize<A extends readonly unknown[], R>(
  dependence: (...parts: A) => Dependence,
  compute: (...parts: A) => R,
  most = 8,
): (...parts: A) => R {
  const results: Kept<R>[] = [];
  return (...parts) => {
    const asked = dependence(...parts);
    const at = results.findIndex((known) => same(known, asked));
    const known =
      at >= 0
        ? (results.splice(at, 1)[0] as Kept<R>)
        : {
            name: asked.name,
            columns: asked.columns.map((column) => column.slice()),
            result: compute(...parts),
          };
    results.unshift(known);
    results.length = Math.min(results.length, most);
    return known.result;
  };
}

function same(left: Dependence, right: Dependence): boolean {
  return (
    left.name === right.name &&
    left.columns.length === right.columns.length &&
    left.columns.every((column, at) => sameColumn(column, right.columns[at] as Float64Array))
  );
}

/** Whether two columns hold the same values, bit for bit but for which NaN. */
export function sameColumn(left: Float64Array, right: Float64Array): boolean {
  if (left.length !== right.length) return false;
  // From the end: two histories of one instrument differ in their last session.
  for (let at = left.length - 1; at >= 0; at--) {
    const value = left[at] as number;
    const other = right[at] as number;
    if (value === other ? value === 0 && !Object.is(value, other) : !Object.is(value, other)) return false;
  }
  return true;
}

/**
 * A pure function of an object that is never changed once it is made, which remembers its result for as long as the object
 * is alive. Only for what is replaced and not written to, such as the account book and its parts.
 */
export function memoizeByIdentity<K extends object, R>(compute: (of: K) => R): (of: K) => R {
  const results = new WeakMap<K, { readonly result: R }>();
  return (of) => {
    const known = results.get(of);
    if (known !== undefined) return known.result;
    const result = compute(of);
    results.set(of, { result });
    return result;
  };
}
