import { Duration, Stack, type StackProps } from 'aws-cdk-lib';
import * as events from 'aws-cdk-lib/aws-events';
import type { Construct } from 'constructs';

/** The one bus that everything that happens travels on, with an archive to replay from. */
export class BusStack extends Stack {
  readonly bus: events.IEventBus;

  constructor(scope: Construct, id: string, props: StackProps) {
    super(scope, id, props);
    const bus = new events.EventBus(this, 'Bus', { description: 'abc desk events' });
    // Under exactOptionalPropertyTypes, which local/ is checked with, CDK's classes do not fit CDK's interfaces by themselves.
    this.bus = bus as events.IEventBus;
    bus.archive('Archive', {
      description: 'abc desk events',
      eventPattern: { source: ['abc'] },
      retention: Duration.days(365),
    });
  }
}
