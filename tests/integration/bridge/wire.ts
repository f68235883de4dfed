import type { BrokerGateway, BrokerLink, BrokerMessage, BrokerRequest } from '#core/broker/broker-port.ts';

/** A link to the gateway with a hand on what passes: a test lets messages cross, changes them, or makes them up. */
export class Wire implements BrokerGateway {
  /** What the bridge is told instead of what the broker says; null where it is told nothing. */
  says: (message: BrokerMessage) => BrokerMessage | null = (message) => message;
  /** Whether the broker gets what the bridge sends. */
  passes: (request: BrokerRequest) => boolean = () => true;
  readonly #gateway: BrokerGateway;
  #listener: (message: BrokerMessage) => void = () => {};

  constructor(gateway: BrokerGateway) {
    this.#gateway = gateway;
  }

  open(clientId: number, listener: (message: BrokerMessage) => void): BrokerLink {
    this.#listener = listener;
    const link = this.#gateway.open(clientId, (message) => {
      const said = this.says(message);
      if (said !== null) listener(said);
    });
    return {
      close: () => link.close(),
      send: (request) => {
        if (this.passes(request)) link.send(request);
      },
    };
  }

  /** The bridge hears something that the broker has not said. */
  hear(message: BrokerMessage): void {
    this.#listener(message);
  }
}
