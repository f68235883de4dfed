/** How far a merged cluster is from another: the nearest of their members, the farthest, or the mean of all pairs. */
export type Linkage = 'single' | 'complete' | 'average';

/**
 * Leaves in the order of the dendrogram of agglomerative clustering (Lance and Williams 1967): the two nearest clusters
 * are merged until one is left. Of equally near pairs the one that was there first is merged: clusters are numbered as in
 * order of appearance, leaves first, and the pair with the lowest first and then the lowest second number wins. In a
 * merged cluster the lower number stands on the left.
 * @param distances n × n row by row, symmetric
 */
export function dendrogramOrder(distances: Float64Array, size: number, linkage: Linkage): number[] {
  interface Cluster {
    readonly leaves: readonly number[];
    /** Distances to the clusters before it, by number. */
    readonly to: Map<number, number>;
  }
  const clusters = new Map<number, Cluster>();
  for (let leaf = 0; leaf < size; leaf++) {
    const to = new Map<number, number>();
    for (let other = 0; other < leaf; other++) to.set(other, distances[leaf * size + other]!);
    clusters.set(leaf, { leaves: [leaf], to });
  }
  const between = (a: number, b: number): number => clusters.get(Math.max(a, b))!.to.get(Math.min(a, b))!;
  for (let number = size; clusters.size > 1; number++) {
    const [left, right] = nearestPair([...clusters.keys()], between);
    const [first, second] = [clusters.get(left)!, clusters.get(right)!];
    const to = new Map<number, number>();
    for (const other of clusters.keys()) {
      if (other === left || other === right) continue;
      to.set(
        other,
        merged(
          linkage,
          [between(left, other), first.leaves.length],
          [between(right, other), second.leaves.length],
        ),
      );
    }
    clusters.delete(left);
    clusters.delete(right);
    clusters.set(number, { leaves: [...first.leaves, ...second.leaves], to });
  }
  return [...[...clusters.values()][0]!.leaves];
}

/** Numbers come in rising order, so that the first of equally near pairs is the one that the order of merging wants. */
function nearestPair(
  numbers: readonly number[],
  between: (a: number, b: number) => number,
): readonly [number, number] {
  let pair: readonly [number, number] = [numbers[0]!, numbers[1]!];
  let nearest = Infinity;
  for (let i = 0; i < numbers.length; i++) {
    for (let j = i + 1; j < numbers.length; j++) {
      const distance = between(numbers[i]!, numbers[j]!);
      if (distance >= nearest) continue;
      nearest = distance;
      pair = [numbers[i]!, numbers[j]!];
    }
  }
  return pair;
}

function merged(
  linkage: Linkage,
  [first, firstSize]: readonly [number, number],
  [second, secondSize]: readonly [number, number],
): number {
  switch (linkage) {
    case 'single':
      return Math.min(first, second);
    case 'complete':
      return Math.max(first, second);
    case 'average':
      return (first * firstSize + second * secondSize) / (firstSize + secondSize);
  }
}
