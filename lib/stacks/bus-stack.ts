import { Duration, Stack, type StackProps } from 'aws-cdk-lib';
import * as events from 'aws-cdk-lib/aws-events';
import type { Construct } from 'constructs';

/** The one bus that everything that happens travels on, with an archive to replay from. */
export class BusStack extends Stack {
  readonly bus: events.EventBus;

  constructor(scope: Construct, id: string, props: StackProps) {
    super(scope, id, props);
    this.bus = new events.EventBus(this, 'Bus', { description: 'abc desk events' });
    this.bus.archive('Archive', {
      description: 'abc desk events',
      eventPattern: { source: ['abc'] },
      retention: Duration.days(365),
    });
  }
}
