/** Binomial coefficient, exact while it is a safe integer; 0 for `chosen` outside 0 to `of`. */
export function binomial(of: number, chosen: number): number {
  if (chosen < 0 || chosen > of) return 0;
  let result = 1;
  for (let i = 1; i <= Math.min(chosen, of - chosen); i++) result = (result * (of - i + 1)) / i;
  return Math.round(result);
}

/** All ways to choose `chosen` of 0 … `of` − 1, each ascending, in lexicographic order. */
export function combinations(of: number, chosen: number): number[][] {
  const all: number[][] = [];
  const current = Array.from({ length: chosen }, (_, i) => i);
  while (chosen <= of) {
    all.push([...current]);
    let last = chosen - 1;
    while (last >= 0 && current[last] === of - chosen + last) last--;
    if (last < 0) break;
    current[last]!++;
    for (let i = last + 1; i < chosen; i++) current[i] = current[i - 1]! + 1;
  }
  return all;
}
