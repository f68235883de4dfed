import { Stack } from 'aws-cdk-lib';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { describe, expect, it } from 'vitest';
import { abcApplication } from '#lib/abc-application.ts';
import { deployable, type Environment, inTemporaryDirectory } from './synthesized.ts';

const synthesize = (environment: Environment, spoil: (stack: Stack) => void = () => {}): void =>
  inTemporaryDirectory((outdir) => {
    const app = abcApplication({ settings: deployable(environment), bundling: false, outdir });
    spoil(Stack.of(app.node.children.find((child) => child instanceof Stack) as Stack));
    app.synth();
  });

describe('the application of an environment', () => {
  it.each(['local', 'dev', 'paper', 'live'] as const)(
    'synthesizes without a finding of cdk-nag: %s',
    (environment) => {
      expect(() => synthesize(environment)).not.toThrow();
    },
  );

  it('does not synthesize with a finding that nobody gave a reason for', () => {
    expect(() => synthesize('local', (stack) => void new s3.Bucket(stack, 'Unencrypted'))).toThrow(
      /AwsSolutions-S10/,
    );
  });
});
