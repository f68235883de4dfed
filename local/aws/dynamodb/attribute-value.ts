/** One attribute as it stands in the AWS JSON 1.0 protocol: numbers are strings, binary is base64. */
export type AttributeValue =
  | { readonly S: string }
  | { readonly N: string }
  | { readonly B: string }
  | { readonly BOOL: boolean }
  | { readonly NULL: boolean }
  | { readonly SS: readonly string[] }
  | { readonly NS: readonly string[] }
  | { readonly BS: readonly string[] }
  | { readonly L: readonly AttributeValue[] }
  | { readonly M: Item };

/** An item, or the key of one: attribute name to value. */
export interface Item {
  readonly [name: string]: AttributeValue;
}

/**
 * Whether two items hold the same data: neither the order of attributes nor the order in a set counts.
 *
 * Numbers compare as text, which is exact because every number was normalised when it was validated.
 */
export function sameItem(left: Item, right: Item): boolean {
  const names = Object.keys(left);
  if (names.length !== Object.keys(right).length) {
    return false;
  }
  return names.every((name) => {
    const other = right[name];
    return other !== undefined && sameValue(left[name]!, other);
  });
}

function sameValue(left: AttributeValue, right: AttributeValue): boolean {
  if ('S' in left) return 'S' in right && left.S === right.S;
  if ('N' in left) return 'N' in right && left.N === right.N;
  if ('M' in left) return 'M' in right && sameItem(left.M, right.M);
  if ('L' in left) {
    return (
      'L' in right &&
      left.L.length === right.L.length &&
      left.L.every((value, index) => sameValue(value, right.L[index]!))
    );
  }
  if ('BOOL' in left) return 'BOOL' in right && left.BOOL === right.BOOL;
  if ('NULL' in left) return 'NULL' in right;
  if ('B' in left) return 'B' in right && left.B === right.B;
  if ('SS' in left) return 'SS' in right && sameSet(left.SS, right.SS);
  if ('NS' in left) return 'NS' in right && sameSet(left.NS, right.NS);
  return 'BS' in right && sameSet(left.BS, right.BS);
}

function sameSet(left: readonly string[], right: readonly string[]): boolean {
  const members = new Set(left);
  return left.length === right.length && right.every((member) => members.has(member));
}
