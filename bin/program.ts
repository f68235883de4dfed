import { Command, CommanderError } from 'commander';
import { backtestCommand } from '#local/command-line/backtest-command.ts';
import { calendarCommand } from '#local/command-line/calendar-command.ts';
import { cashCommand, cashPaidCommand, cashReceivedCommand } from '#local/command-line/cash-command.ts';
import { dataCheckCommand } from '#local/command-line/data-command.ts';
import { dayCommand } from '#local/command-line/day-command.ts';
import { doctorCommand } from '#local/command-line/doctor-command.ts';
import { EXIT, type ExitCode, exitCodeOf, faultText } from '#local/command-line/exit-codes.ts';
import {
  faultClearCommand,
  faultDoCommand,
  faultListCommand,
  faultSetCommand,
} from '#local/command-line/fault-command.ts';
import { metricsCommand } from '#local/command-line/metrics-command.ts';
import {
  haltCommand,
  reconcileCommand,
  resumeCommand,
  statusCommand,
} from '#local/command-line/operator-commands.ts';
import { optionCommand, structureCommand } from '#local/command-line/option-command.ts';
import { outcomeCommand } from '#local/command-line/outcome-command.ts';
import { paperGatewayCommand } from '#local/command-line/paper-gateway-command.ts';
import { policySetCommand, policyShowCommand } from '#local/command-line/policy-command.ts';
import { portfolioCommand } from '#local/command-line/portfolio-command.ts';
import { riskCommand } from '#local/command-line/risk-command.ts';
import { searchCommand } from '#local/command-line/search-command.ts';
import { hostCommand } from '#local/command-line/serve-commands.ts';
import { verifyCommand } from '#local/command-line/verify-command.ts';

const program = new Command('abc')
  .description(
    'ABC Application: an AI trading desk of 22 agents under hard risk limits. Paper trading unless two settings say otherwise.',
  )
  .version('0.1.0')
  .showHelpAfterError()
  .exitOverride()
  // Else --control-port after `paper-gateway fault` would be taken for the gateway's own.
  .enablePositionalOptions()
  .addHelpText(
    'after',
    '\nData on stdout, messages on stderr. Exit codes: 0 ok, 2 usage, 3 configuration, 5 broker, 6 refused by risk, 7 audit verification failed, 8 findings (data, look-ahead), 130 interrupted.',
  );

/** Ends with the command's own code; a fault is one paragraph with its mend. */
const carry = (command: () => ExitCode | Promise<ExitCode>) => async () => {
  process.exitCode = await command();
};
const run =
  <A extends unknown[]>(command: (...args: A) => ExitCode | Promise<ExitCode>) =>
  (...args: A) =>
    carry(() => command(...args))();

program
  .command('day')
  .description(
    'replay real sessions in virtual time through the whole system, or go on with an interrupted replay',
  )
  .option('--from <date>', 'first session, YYYY-MM-DD (default 2018-01-22)')
  .option('--to <date>', 'last session (default 2018-02-16)')
  .option('--symbols <list>', 'instruments, comma-separated (default AAPL,SPX,SPX-PROXY)')
  .option('--seed <text>', 'seed of everything random (default abc-application)')
  .option('--data <csv>', 'your own daily or intraday bars for the first symbol')
  .option('--state <dir>', 'where state is kept (default .abc/day-<parameters>)')
  .option(
    '--isolation <kind>',
    'shared: functions share threads (default); function: a thread each, as sandboxes on AWS',
  )
  .option('--keep-running', 'keep the embedded cloud up after the replay')
  .option('--json', 'the summary as one JSON document on stdout')
  .action(run(dayCommand));
/** What is played, in words that every command on bars takes. */
const onBars = (command: Command, seed: string): Command =>
  command
    .option('--symbols <list>', 'instruments, comma-separated (default SPX-PROXY)')
    .option('--from <date>', 'first date (default 2000-01-03)')
    .option('--to <date>', 'last date (default 2020-04-17)')
    .option('--data <csv>', 'your own daily or intraday bars for the first symbol')
    .option('--cash <amount>', 'cash at the start (default 100000)')
    .option('--commission <schedule>', 'tiered (default) or fixed, as Interactive Brokers charges')
    .option('--seed <text>', seed);
onBars(program.command('backtest'), 'seed of a strategy that draws random numbers')
  .description('a strategy over bars, with all costs, and buy-and-hold beside it')
  .argument(
    '[strategy]',
    'sma-cross (default), buy-and-hold, momentum-rotation, a file that exports a strategy, or desk: the whole desk with every agent',
  )
  .option('--parameters <list>', 'of the strategy, such as fast=10,slow=30')
  .option('--cycles <list>', 'desk: New York times of its cycles (default 09:45,15:45), or live for all 25')
  .option(
    '--resume-after <sessions>',
    'desk: a simulated person resumes trading from so many sessions after a drawdown step on (default: nobody does)',
  )
  .option('--report <file.html>', 'a tear sheet as one self-contained page')
  .option('--check-lookahead', 'run it again on other futures: exit code 8 where its past changes')
  .option('--monte-carlo <paths>', 'so many paths from its trades: drawdown, ruin, limit breach')
  .option('--json', 'the result as one JSON document on stdout')
  .action(run(backtestCommand));
program
  .command('metrics')
  .description('the figures of an account from its marks, against a benchmark where the file has one')
  .argument('<equity.csv>', 'columns time, equity and, if there is one, benchmark')
  .option('--risk-free <rate>', 'yearly rate as a fraction, such as 0.02 (default 0)')
  .option('--report <file.html>', 'a tear sheet as one self-contained page')
  .option('--json', 'the figures as one JSON document on stdout')
  .action(run(metricsCommand));
onBars(program.command('search'), 'seed of the search and of a strategy that draws random numbers')
  .description(
    'parameters of a strategy, chosen on one part of the bars and tried on the next; every trial is kept',
  )
  .argument(
    '[strategy]',
    'sma-cross (default), momentum-rotation, or a file that exports a function of parameters',
  )
  .option('--range <range...>', 'values to try: fast=5:50:5 (from:to:step) or fast=5,10,20')
  .option('--random <trials>', 'as many at random instead of all combinations')
  .option('--holdout <part>', 'part of the bars at the end that nothing is chosen on (default 0.3)')
  .option('--walk-forward <windows>', 'choose again before each of so many tests')
  .option('--train <tests>', 'with --walk-forward: choose on so many lengths of a test (default 3)')
  .option('--anchored', 'with --walk-forward: choose on all that came before')
  .option('--workers <threads>', 'threads to run on (default: one a processor)')
  .option('--trials <file.jsonl>', 'where the trials are kept (default .abc/search-<hash>.jsonl)')
  .option(
    '--reality-check',
    'plays all trials once more: is the best better than buy-and-hold by more than luck',
  )
  .option('--report <file.html>', 'a tear sheet of the choices, where they were not made, as one page')
  .option('--json', 'the result as one JSON document on stdout')
  .action(run(searchCommand));
program
  .command('portfolio')
  .description('weights from prices by one method, with their risk and the limits that bind')
  .argument('<prices.csv>', 'a column of dates and one of prices for each name')
  .option('--returns', 'the columns hold returns as fractions')
  .option(
    '--method <name>',
    'min-variance (default), max-sharpe, mean-variance, risk-parity, inverse-volatility, hrp, black-litterman or cvar',
  )
  .option(
    '--covariance <estimator>',
    'sample (default), ewma or ledoit-wolf (shrunk to constant correlation)',
  )
  .option('--cap <weight>', 'largest weight: 0.3, or AAPL=0.2,MSFT=0.4 (default 1)')
  .option('--floor <weight>', 'smallest weight, in the same way (default 0; below 0 allows short positions)')
  .option('--allow-cash', 'not everything has to be invested')
  .option('--expected <list>', 'yearly returns: AAPL=0.08,MSFT=0.1 (default: the means of the file)')
  .option('--risk-free <rate>', 'yearly return of cash as a fraction (default 0)')
  .option('--risk-aversion <number>', 'mean-variance and black-litterman (default 2.5)')
  .option('--market <list>', 'black-litterman: weights of the market (default: equal)')
  .option(
    '--views <list>',
    'black-litterman: yearly returns, AAPL=0.08, or AAPL:MSFT=0.02 for AAPL above MSFT',
  )
  .option('--confidence <part>', 'cvar: the loss is averaged over the rest (default 0.95)')
  .option('--ridge <share>', 'added to each variance, as a share of the mean one (default 0)')
  .option('--json', 'the portfolio as one JSON document on stdout')
  .action(run(portfolioCommand));
program
  .command('risk')
  .description('what daily marks or returns say of risk: value at risk and its tests, GARCH, stress')
  .argument('<equity.csv>', 'columns time and equity (and, if there is one, benchmark), or time and return')
  .option('--confidence <part>', 'of the value at risk that is tested (default 0.99)')
  .option('--window <days>', 'days that it looks back on in its test (default 250)')
  .option('--horizon <days>', 'days that variance is forecast for (default 10)')
  .option('--innovations <name>', 'of the GARCH models: normal (default) or student-t')
  .option(
    '--sensitivities <list>',
    'what the account follows in a stress: equity=1.2,treasuryYield=-5 (default: beta to the benchmark, or 1)',
  )
  .option('--json', 'every figure as one JSON document on stdout')
  .action(run(riskCommand));
const option = program
  .command('option')
  .description('options: price, Greeks, implied volatility, structures');
/** The market of an option, in words that both commands on options take. */
const inMarket = (command: Command): Command =>
  command
    .option('--spot <price>', 'of the underlying (black-76: its futures price)')
    .option('--days <days>', 'calendar days to expiry')
    .option('--rate <rate>', 'risk-free, continuous, a year (default 0)')
    .option('--dividend-yield <rate>', 'continuous, a year (default 0)');
inMarket(option.command('price'))
  .description('price and Greeks of an option, or with --price the volatility that it implies')
  .option('--model <name>', 'bsm (default, European), black-76 (on a future) or american (tree)')
  .option('--right <name>', 'call (default) or put')
  .option('--strike <price>', 'strike')
  .option('--volatility <rate>', 'a year: 0.2 is 20 %')
  .option('--price <price>', 'of one option on one unit, instead of --volatility')
  .option('--json', 'as one JSON document on stdout')
  .action(run(optionCommand));
inMarket(option.command('structure'))
  .description('payoff, margin and worst case of options held or written together')
  .argument(
    '<leg...>',
    'buy:1:put:90@1.20 or sell:2:call:110@0.85, with :60 behind where it expires in other days',
  )
  .option('--stock <position>', 'units of the underlying and their price: 100@98.50')
  .option('--multiplier <units>', 'units to a contract (default 100)')
  .option('--european', 'exercised at expiry only (default: American)')
  .option('--index', 'margin of options on a broad index')
  .option('--json', 'as one JSON document on stdout')
  .action(run(structureCommand));
program
  .command('host')
  .description('the embedded AWS host alone, from a cloud assembly, in real time')
  .option('--port <port>', 'port on 127.0.0.1, 0 for any', '4566')
  .option('--assembly <dir>', 'cloud assembly', 'cdk.out')
  .option('--state <dir>', 'keep state here; in memory without it')
  .action(run(hostCommand));
const paperGateway = program
  .command('paper-gateway')
  .description('the paper gateway alone: any TWS program can trade against it')
  .option('--port <port>', 'port on 127.0.0.1', '4002')
  .option('--control-port <port>', 'port of the fault control (default 100 above --port)')
  .option('--tape <csv>', 'your own daily or intraday bars for the first symbol')
  .option('--symbols <list>', 'instruments, comma-separated')
  .option('--from <date>', 'first session played (default 2018-01-22, with --tape its first)')
  .option('--clock <kind>', 'wall, scaled (the days of the tape) or stepped (by hand)', 'scaled')
  .option('--scale <n>', 'speed of the scaled clock (default 1)')
  .option('--seed <text>', 'seed of the path inside the days')
  .option('--state <dir>', 'keep the account here; in memory without it')
  .action(run(paperGatewayCommand));
const fault = paperGateway.command('fault').description('make a running paper gateway misbehave');
const controlPort = ['--control-port <port>', 'control port of the gateway', '4102'] as const;
fault
  .command('list')
  .description('the faults in force, the clients and the book, as JSON')
  .option(...controlPort)
  .action(run(faultListCommand));
fault
  .command('set')
  .description('set faults until they are cleared, such as: set mute=true delayMillis=500')
  .argument('<name=value...>')
  .option(...controlPort)
  .action(run(faultSetCommand));
fault
  .command('clear')
  .description('end all faults')
  .option(...controlPort)
  .action(run(faultClearCommand));
fault
  .command('do')
  .description('make something happen now, such as: do restart refuseMillis=5000 rollBackIds=3')
  .argument('<action>')
  .argument('[name=value...]')
  .option(...controlPort)
  .action(run(faultDoCommand));
program
  .command('verify')
  .description('verify an audit export offline')
  .argument('<dir>', 'directory with .entries and .checkpoint files')
  .option('--key <file>', 'the public key you trust, PEM or DER (default: the one in the export)')
  .option('--minimum-leaves <n>', 'fail where the log is shorter')
  .option('--json', 'the result as JSON')
  .action(run(verifyCommand));
const onDesk = (command: Command): Command =>
  command
    .option('--state <dir>', 'state directory of the running desk')
    .option('--environment <name>', 'instead: the desk on AWS, dev, paper or live, with your AWS settings')
    .option('--by <person>', 'who does it')
    .option('--reason <text>', 'why')
    .option('--json', 'as JSON');
onDesk(program.command('halt'))
  .description('stop all trading now; positions are kept under their stops')
  .option('--flatten', 'close every position besides, with market orders')
  .action(run(haltCommand));
for (const [name, description, command] of [
  ['resume', 'let trading go on: needs --by and --reason', resumeCommand],
  ['status', 'the running desk: state, equity, positions, limits', statusCommand],
  ['reconcile', 'compare with the broker now', reconcileCommand],
] as const)
  onDesk(program.command(name)).description(description).action(run(command));
onDesk(program.command('outcome'))
  .description(
    'orders whose end the broker no longer tells; with a file, how one ended: needs --by and --reason',
  )
  .argument('[file]', 'orderRef and executions, from the broker’s own statement')
  .action(run(outcomeCommand));
const cash = program.command('cash').description('money that no order of the desk moved');
onDesk(cash.command('show', { isDefault: true }))
  .description('the book’s cash, and what the account has beyond it (the default)')
  .action(run(cashCommand));
for (const [name, description, command] of [
  ['received', 'enter what came in, such as a dividend or a deposit', cashReceivedCommand],
  ['paid', 'enter what went out, such as a fee or a withdrawal', cashPaidCommand],
] as const)
  onDesk(cash.command(name))
    .description(`${description}: needs --by and --reason`)
    .argument('<amount>', 'in the currency of the book, without a sign')
    .requiredOption('--for <kind>', 'transfer, dividend, interest, fee, tax, trade or other')
    .requiredOption('--reference <id>', 'the broker’s own id of the movement; each is booked once')
    .option('--on <date>', 'the day on which the broker booked it (default: today)')
    .option('--instrument <id>', 'what it is of, where it is of one')
    .action(run(command));
const policy = program.command('policy').description('the risk policy');
onDesk(policy.command('show', { isDefault: true }))
  .description('the one in force, as JSON (the default)')
  .action(run(policyShowCommand));
onDesk(policy.command('set'))
  .description('put an edited one in force: needs --by and --reason')
  .argument('<file>', 'the policy in force, as `abc policy` prints it, with other values')
  .action(run(policySetCommand));
program
  .command('calendar')
  .description(
    'the sessions of a market with their hours in New York and UTC, early closes and closures named',
  )
  .argument('<from>', 'first date, YYYY-MM-DD')
  .argument('<to>', 'last date')
  .option('--market <name>', 'nyse (default), nasdaq, forex or crypto')
  .option('--json', 'the calendar as one JSON document on stdout')
  .action(run(calendarCommand));
program
  .command('data')
  .description('market data in files')
  .command('check')
  .description('what a file of bars, quotes or trades holds, what cannot be believed and what is missing')
  .argument('<file>', '.csv, .tsv, .txt or .parquet')
  .option('--symbol <id>', 'the instrument (default: the name of the file, if the catalog has it)')
  .option('--asset-class <class>', 'equity (default), index, forex, crypto or future, for other instruments')
  .option('--interval <length>', 'session, or minutes a bar (default: as the times tell)')
  .option('--time-zone <zone>', 'of times without an offset: UTC or America/New_York')
  .option('--ambiguous-time <which>', 'of a time that comes twice: earlier or later')
  .option('--stamp <which>', 'whether a minute bar carries its open (default) or its close')
  .option('--delimiter <character>', 'between the cells of a line (default: a comma)')
  .option('--actions <csv>', 'corporate actions that the prices are not adjusted for: date,kind,value')
  .option('--json', 'the whole report as one JSON document on stdout')
  .action(run(dataCheckCommand));
program
  .command('doctor')
  .description('check what this machine offers')
  .action(run(() => doctorCommand()));

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  else {
    process.stderr.write(`${faultText(error)}\n`);
    process.exitCode = exitCodeOf(error);
  }
}
