import {
  type BridgeSession,
  type BrokerState,
  INITIAL_SESSION,
  type SessionAction,
  type SessionInput,
  stepSession,
} from '#core/broker/bridge-session.ts';
import type { BrokerMessage } from '#core/broker/broker-port.ts';
import { readLifeRef } from '#core/broker/order-record.ts';
import { TradingModeError } from '#core/broker/trading-mode.ts';
import { stateKeys } from '#core/events/state-keys.ts';
import type { Instrument } from '#core/market/instrument.ts';
import { AccountWatch } from './account-watch.ts';
import { type BridgeDependencies, Schedule } from './bridge-context.ts';
import type { Bridge } from './bridge-parts.ts';
import { CommandBoard } from './command-board.ts';
import { CommandIntake } from './command-intake.ts';
import type { ExpectedAccount } from './expected-account.ts';
import { FencedOffError } from './fenced-off.ts';
import { GatewayConnection } from './gateway-connection.ts';
import { Handshake } from './handshake.ts';
import { HealthDeadline } from './health-deadline.ts';
import { JournalWriter } from './journal-writer.ts';
import { KillSwitch } from './kill-switch.ts';
import { LeaseKeeper } from './lease-keeper.ts';
import { Acknowledgements, type LinkKnowledge } from './link-knowledge.ts';
import { Mailbox } from './mailbox.ts';
import { MaintenanceWatch } from './maintenance-watch.ts';
import { MarketDataDesk } from './market-data-desk.ts';
import { deliver } from './message-routes.ts';
import { NoticeReader } from './notice-reader.ts';
import { OrderLedger } from './order-ledger.ts';
import { OrderServices } from './order-services.ts';
import { Outbox } from './outbox.ts';
import { Patience } from './patience.ts';
import { Preflight } from './preflight.ts';
import { ReadinessReport } from './readiness-report.ts';
import { Reconciler, type Reconciliation } from './reconciler.ts';
import type { RunningBridge } from './running-bridge.ts';
import { SessionReport } from './session-report.ts';
import type { BridgeSettings } from './settings.ts';
import { Tenure } from './tenure.ts';
import { Trading } from './trading.ts';

/** The bridge: its state machine, and which of its services each message and each step is for. */
export class BrokerBridge implements RunningBridge, Bridge {
  readonly settings: BridgeSettings;
  readonly schedule: Schedule;
  readonly writer: JournalWriter;
  readonly ledger: OrderLedger;
  readonly lease: LeaseKeeper;
  readonly killSwitch: KillSwitch;
  readonly outbox: Outbox;
  readonly acknowledgements: Acknowledgements;
  readonly log: BridgeDependencies['log'];
  readonly metric: BridgeDependencies['metric'];
  readonly finished: Promise<void>;
  readonly #dependencies: BridgeDependencies;
  readonly #mailbox: Mailbox;
  readonly #patience: Patience;
  readonly #connection: GatewayConnection;
  readonly #handshake: Handshake;
  readonly #catalog: ReadonlyMap<string, Instrument>;
  readonly #orders: OrderServices;
  readonly #reconciler: Reconciler;
  readonly #marketData: MarketDataDesk;
  readonly #account: AccountWatch;
  readonly #preflight: Preflight;
  readonly #notices: NoticeReader;
  readonly #intake: CommandIntake;
  readonly #board: CommandBoard;
  readonly #trading: Trading;
  readonly #tenure: Tenure;
  readonly #maintenance: MaintenanceWatch;
  #session: BridgeSession = INITIAL_SESSION;
  readonly #health: HealthDeadline;
  readonly #report: SessionReport;
  readonly #readiness: ReadinessReport;
  #resolve: () => void = () => {};
  #reject: (fault: unknown) => void = () => {};

  constructor(settings: BridgeSettings, dependencies: BridgeDependencies) {
    this.settings = settings;
    this.#dependencies = dependencies;
    this.log = dependencies.log;
    this.metric = dependencies.metric;
    this.finished = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#catalog = new Map(dependencies.catalog.map((instrument) => [instrument.id, instrument]));
    this.#mailbox = new Mailbox((fault) => this.#onFault(fault));
    this.schedule = new Schedule(dependencies.clock, (work, urgent) =>
      urgent ? this.#mailbox.postUrgent(work) : this.#mailbox.post(work),
    );
    this.#patience = new Patience(dependencies.clock);
    this.writer = new JournalWriter(dependencies.store, this.schedule, this.#patience, this.log);
    this.ledger = new OrderLedger(this.writer);
    this.lease = new LeaseKeeper(this.writer, this.schedule, settings.lease, this.log);
    this.killSwitch = new KillSwitch(this.writer);
    this.outbox = new Outbox(settings, this.schedule, this.log, (reason) => this.endLink(reason));
    this.#health = new HealthDeadline(
      () => this.schedule.now(),
      (healthyUntil) => dependencies.health(healthyUntil),
      settings.firstLoginGrace,
    );
    this.#connection = this.#newConnection();
    this.#handshake = new Handshake(this, {
      connection: this.#connection,
      healthyFor: (millis) => this.#health.extend(millis),
      whole: () => this.#greeted(),
    });
    this.acknowledgements = new Acknowledgements(this.schedule, settings.acknowledgeDeadline, (orderRef) =>
      this.endLink(`the broker said nothing of order ${orderRef} within ${settings.acknowledgeDeadline} ms`),
    );
    this.#report = new SessionReport(this);
    this.#readiness = new ReadinessReport({
      clock: dependencies.clock,
      every: settings.readyReportEvery,
      metric: this.metric,
      mailbox: this.#mailbox,
      ready: () => this.#session.state === 'READY' || this.#session.maintenance,
    });
    this.#orders = new OrderServices(this, dependencies.catalog, {
      held: (instrument) => this.#account.held(instrument),
      acknowledged: () => this.#mailbox.post(() => this.#board.pump()),
      foreign: () => this.#mailbox.post(() => this.#trading.compare()),
      compare: () => this.#trading.compare(),
    });
    this.#reconciler = new Reconciler(this, this.#orders.foreign, {
      ended: (orderRef, decide) => this.#orders.watch.apply(orderRef, decide),
      remarkOn: (record) => this.#orders.watch.remarkOn(record),
      reconciled: (outcome) => this.#reconciled(outcome),
    });
    this.#marketData = new MarketDataDesk(this, dependencies.objects);
    this.#account = new AccountWatch(this, dependencies.catalog, this.#orders.foreign, () =>
      this.#orders.lapsed.settleAll(),
    );
    this.#preflight = new Preflight(this, dependencies.catalog);
    this.#notices = this.#newNoticeReader();
    this.#intake = new CommandIntake(
      dependencies.queue,
      this.schedule,
      settings.commandVisibilitySeconds,
      this.#patience,
      this.log,
    );
    this.#board = new CommandBoard(this, this.#intake, {
      orders: this.#orders,
      marketData: this.#marketData,
      account: this.#account,
      reconcile: () => this.#trading.compare(),
      ready: () => this.mayTrade(),
    });
    this.#trading = new Trading(this, {
      orders: this.#orders,
      reconciler: this.#reconciler,
      marketData: this.#marketData,
      account: this.#account,
      preflight: this.#preflight,
      board: this.#board,
      isReady: () => this.#session.state === 'READY',
    });
    this.#tenure = this.#newTenure();
    this.#maintenance = new MaintenanceWatch(
      this,
      (input) => this.#step(input),
      (windowEnd) => this.#health.awaitLogin(windowEnd),
    );
  }

  #newTenure(): Tenure {
    return new Tenure(this, {
      stopped: () => this.#session.state === 'STOPPED',
      waits: () => this.#health.extend(this.settings.healthGrace),
      begins: async () => {
        this.#report.leaseHeld(this.lease.token);
        this.#orders.foreign.beginTenure();
        this.#account.beginTenure();
        await this.#step({ kind: 'connect' });
        await this.#marketData.resumeSession();
      },
      renews: () => this.#report.absence(this.#session),
      ends: async (reason) => {
        await this.#step({ kind: 'lease-lost', reason });
        this.#board.abandon();
        // Not waited for: the lease is taken again when it may be, whether the queue answers or not.
        void this.#intake.stop();
      },
    });
  }

  #newConnection(): GatewayConnection {
    const { settings, schedule, outbox } = this;
    return new GatewayConnection(
      this.#dependencies.gateway,
      {
        settings,
        schedule,
        outbox,
        greeted: () => this.#session.greeted,
        arriving: (message) => {
          if (message.kind === 'execution' && message.execution.orderRef !== '')
            this.ledger.expect(readLifeRef(message.execution.orderRef).orderRef);
        },
        message: (message) => this.#onMessage(message),
        ended: (reason) => this.#step({ kind: 'link-ended', reason }),
      },
      (work) => this.#mailbox.post(work),
    );
  }

  #newNoticeReader(): NoticeReader {
    return new NoticeReader(this, {
      addressees: [
        (id, code, message) => this.#orders.withdrawals.notice(id, code, message),
        (id, code, message) => this.#orders.watch.notice(id, code, message),
        (id, code, message) => this.#preflight.refused(id, code, message),
        (id, code, message) => this.#marketData.refused(id, code, message),
      ],
      step: (input) => this.#step(input),
      subscriptionsLost: () => this.#marketData.restart(),
      clientIdInUse: () => this.#connection.clientIdInUse(),
    });
  }

  /** What holds for the connection in use. */
  get link(): LinkKnowledge {
    return this.#connection.knowledge;
  }

  get state(): BrokerState {
    return this.#session.state;
  }

  get idle(): boolean {
    return this.#mailbox.idle;
  }

  settled(): Promise<void> {
    return this.#mailbox.settled();
  }

  start(): void {
    this.#health.awaitLogin(this.schedule.now());
    this.#readiness.start();
    this.#mailbox.post(() => this.#maintenance.plan());
    this.#mailbox.post(() => this.#tenure.acquire());
  }

  async stop(reason: string): Promise<void> {
    // What is in hand may be waiting for a store or a queue that is down; it must not keep the task from ending.
    const { clock } = this.#dependencies;
    const deadline = clock.schedule(clock.now() + this.settings.stopWithin, () => this.#patience.end());
    this.#mailbox.post(() => this.#shutDown(reason));
    try {
      await this.finished;
    } finally {
      deadline.cancel();
    }
  }

  instrument(id: string): Instrument | undefined {
    return this.#catalog.get(id);
  }

  async expectedAccount(): Promise<ExpectedAccount | null> {
    const [book] = await this.writer.read([stateKeys.book]);
    return book === null || book === undefined ? null : this.#dependencies.expected(book.value);
  }

  mayTrade(): boolean {
    return this.#session.state === 'READY' && this.lease.holds();
  }

  endLink(reason: string): void {
    this.#connection.end(reason);
  }

  mayAsk(): boolean {
    return this.#session.linkOpen && this.#session.greeted && this.#session.upstream;
  }

  #onFault(fault: unknown): void {
    if (fault instanceof FencedOffError) {
      this.#mailbox.postUrgent(() => this.#tenure.lose(fault.message));
      return;
    }
    if (fault instanceof TradingModeError) {
      this.#mailbox.post(() => this.#shutDown(fault.message, fault));
      return;
    }
    const reason = fault instanceof Error ? fault.message : String(fault);
    this.log('error', 'a fault in the bridge; the link is replaced', {
      reason,
      stack: fault instanceof Error ? fault.stack : undefined,
    });
    this.endLink(`internal fault: ${reason}`);
  }

  async #shutDown(reason: string, fault?: Error): Promise<void> {
    if (this.#session.state === 'STOPPED') return;
    for (const part of [
      () => this.#step({ kind: 'stop', reason }),
      // Before the queue, which may not answer: whoever comes next need not wait for the lease to run out.
      () => this.lease.release(),
      () => {
        this.#board.abandon();
        return this.#intake.stop();
      },
    ]) {
      try {
        await part();
      } catch (cause) {
        // The lease runs out by itself, commands come back by themselves, and the next bridge reconciles.
        this.log('error', 'stopping without all in order', { fault: String(cause) });
      }
    }
    this.#readiness.stop();
    this.schedule.cancelAll();
    this.#mailbox.close();
    if (fault === undefined) this.#resolve();
    else this.#reject(fault);
  }

  async #step(input: SessionInput): Promise<void> {
    const before = this.#session;
    const { session, actions, reason } = stepSession(before, input);
    this.#session = session;
    this.#report.count(before, session, input);
    for (const action of actions) if (action === 'close-link') this.#closeLink();
    if (session.state !== before.state) await this.#report.changed(before.state, session.state, reason);
    for (const action of actions) await this.#perform(action);
  }

  async #perform(action: SessionAction): Promise<void> {
    switch (action) {
      case 'close-link':
        return;
      case 'open-link':
        return this.#connection.open();
      case 'retry': {
        const wait = this.#connection.pauseAfter(this.#session.failures);
        this.schedule.after(wait, () => (this.lease.holds() ? this.#step({ kind: 'connect' }) : undefined));
        return;
      }
      case 'reconcile':
        return this.#reconciler.start(false);
      case 'start-trading':
        return this.#trading.begin();
    }
  }

  #closeLink(): void {
    this.#connection.close();
    this.acknowledgements.clear();
    this.#reconciler.stop();
    this.#marketData.interrupt();
    this.#preflight.end();
    this.#account.end();
  }

  async #onMessage(message: BrokerMessage): Promise<void> {
    await this.#reconciler.observe(message);
    await deliver(message, {
      step: (input) => this.#step(input),
      handshake: this.#handshake,
      orders: this.#orders.watch,
      account: this.#account,
      marketData: this.#marketData,
      notices: this.#notices,
      preflight: this.#preflight,
    });
  }

  async #greeted(): Promise<void> {
    this.#health.loggedIn();
    if (this.#session.state !== 'HANDSHAKE') return;
    const { heartbeatEvery, reconcileEvery, accountEvery, haltPollEvery } = this.settings;
    this.#connection.every(heartbeatEvery, () => this.#connection.heartbeat());
    this.#connection.every(reconcileEvery, () => this.#trading.compareOrders());
    this.#connection.every(accountEvery, () => this.#account.ask(null));
    this.#connection.every(haltPollEvery, () => this.#trading.pollHalt(), true);
    this.#account.begin();
    // Not before: each time that a command is taken and given back brings it nearer to being set aside.
    this.#intake.start((command) => this.#board.arrive(command, this.#mailbox));
    await this.#step({ kind: 'greeted' });
    this.#account.resume();
  }

  async #reconciled({ whileTrading, began, neverArrived, unchanged }: Reconciliation): Promise<void> {
    await this.#step({ kind: 'reconciled' });
    // What could not go out now would only be counted as tried.
    if (!this.mayTrade()) return;
    await this.#orders.resubmission.all(neverArrived);
    if (whileTrading) await this.#trading.compared(began, unchanged);
  }
}
