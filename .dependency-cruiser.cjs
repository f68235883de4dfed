/** Layers point one way: contracts <- core <- adapters <- functions, ecs <- lib, local, bin. */
const forbid = (name, from, to, comment) => ({
  name,
  severity: 'error',
  comment,
  from: { path: from },
  to: { path: to },
});

module.exports = {
  forbidden: [
    forbid(
      'contracts-stand-alone',
      '^contracts/',
      '^(core|adapters|functions|ecs|lib|local|bin)/',
      'contracts import nothing of the project',
    ),
    forbid(
      'core-imports-contracts-only',
      '^core/',
      '^(adapters|functions|ecs|lib|local|bin)/',
      'core is pure domain',
    ),
    forbid(
      'adapters-below-functions',
      '^adapters/',
      '^(functions|ecs|lib|local|bin)/',
      'adapters implement ports, nothing above them',
    ),
    forbid(
      'functions-below-composition',
      '^functions/',
      '^(ecs|lib|local|bin)/',
      'handlers know nothing of how they are deployed',
    ),
    forbid(
      'ecs-below-composition',
      '^ecs/',
      '^(functions|lib|local|bin)/',
      'the bridge is a unit of its own',
    ),
    forbid('lib-does-not-run-code', '^lib/', '^(local|bin)/', 'stacks describe; they do not run'),
    {
      name: 'core-is-pure',
      severity: 'error',
      comment: 'no I/O, clock, randomness or environment in core: node:crypto (hashes) is the one exception',
      from: { path: '^(core|contracts)/(?!generate)' },
      to: { dependencyTypes: ['core'], pathNot: '^(node:)?crypto$' },
    },
    {
      name: 'core-knows-no-aws',
      severity: 'error',
      from: { path: '^core/' },
      to: { path: 'node_modules/(@aws-sdk|aws-cdk-lib|@stoqey|@anthropic-ai)/' },
    },
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'types', 'default'],
    },
  },
};
