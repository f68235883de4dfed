import { describe, expect, it } from 'vitest';
import { packagedBars } from '#adapters/market-data/packaged-bars.ts';
import { aroon } from '#core/indicators/aroon.ts';
import { bollinger } from '#core/indicators/bands.ts';
import { adx } from '#core/indicators/directional-movement.ts';
import { dema, tema, trix } from '#core/indicators/exponential-composites.ts';
import { macd, momentum, roc, rsi } from '#core/indicators/momentum.ts';
import { ema, sma, wma } from '#core/indicators/moving-averages.ts';
import { cci, stochastic, williamsR } from '#core/indicators/oscillators.ts';
import { parabolicSar } from '#core/indicators/parabolic-sar.ts';
import { atr, trueRange } from '#core/indicators/true-range.ts';
import { ultimateOscillator } from '#core/indicators/ultimate-oscillator.ts';
import { mfi, obv } from '#core/indicators/volume.ts';

const { series: bars } = packagedBars('SPX');
const { close } = bars;

/** Indices of the values below, after the first that is defined. */
const AT = [100, 1_000, 3_000, 5_104];

/**
 * Values of TA-Lib 0.8.1 (through its Python wrapper 0.8.2) on the same 5,105 bars of the S&P 500, prices rounded to the
 * cent as here: the index of the first value, that value, and those at {@link AT}.
 */
// biome-ignore format: a table
const TA_LIB: readonly (readonly [string, Float64Array, number, readonly number[]])[] = [
  ['SMA', sma(close, 20), 19, [1425.5855, 1421.8955, 1075.0575000000003, 1226.5045000000002, 2613.104500000001]],
  ['EMA', ema(close, 20), 19, [1425.5855, 1419.5136989447933, 1076.8596724350048, 1224.172364875128, 2709.769989258579]],
  ['WMA', wma(close, 20), 19, [1419.3416666666667, 1414.4462380952411, 1081.1119047619047, 1219.9499523809511, 2698.09895238096]],
  ['DEMA', dema(close, 20), 38, [1352.5372260547983, 1402.2115881334823, 1091.4468143890733, 1226.0962171202164, 2707.904125341416]],
  ['TEMA', tema(close, 20), 57, [1504.8246281621193, 1392.946264954719, 1096.037302196517, 1224.0989340944877, 2822.758987584063]],
  ['TRIX', trix(close, 15), 43, [-0.16390926747200663, -0.10099744453977433, 0.12472582473359584, -0.027512037709509496, -0.22886841624716325]],
  ['RSI', rsi(close, 14), 14, [38.6906517251548, 41.541922170264165, 68.06139451957513, 57.88705263274454, 57.36269465644204]],
  ['ROC', roc(close, 10), 10, [-0.005497450557301331, -1.867439498227741, 2.3039366697473085, 3.4080533048163497, 13.758360045906048]],
  ['MOM', momentum(close, 10), 10, [-0.07999999999992724, -26.289999999999964, 24.680000000000064, 41.429999999999836, 347.65999999999985]],
  ['TRANGE', trueRange(bars), 1, [57.789999999999964, 37.72000000000003, 4.430000000000064, 22.450000000000045, 79.66999999999962]],
  ['ATR', atr(bars, 14), 14, [27.701428571428583, 31.994115536739155, 8.639384712872506, 24.643899416365574, 109.5789892224374]],
  ['ADX', adx(bars, 14).adx, 27, [25.178508461163922, 24.321375737482924, 37.51190610376294, 15.324849748709747, 23.45717290639021]],
  ['PLUS_DI', adx(bars, 14).plusDi, 14, [21.11980989465384, 17.202237174507097, 34.76302742776239, 32.488220458961045, 29.561178417727152]],
  ['MINUS_DI', adx(bars, 14).minusDi, 14, [34.51364911682177, 32.38238062846254, 8.52209741671414, 21.969589618617714, 20.4031682255622]],
  ['WILLR', williamsR(bars, 14), 13, [-36.52312599681033, -81.31003567834595, -5.7256990679093, -8.929397612658551, -1.079378315150639]],
  ['CCI', cci(bars, 20), 19, [-127.08556945707501, -100.22150874835029, 141.0357919665761, 70.78688922834591, 121.5614575244717]],
  ['MFI', mfi(bars, 14), 14, [36.33305011540587, 51.736122912308105, 80.94088381287196, 53.69279144377735, 66.61357562377627]],
  ['OBV', obv(bars), 0, [931800000.0, 1186940000.0, -26191460000.0, 530255240000.0, 1104100670000.0]],
  ['ULTOSC', ultimateOscillator(bars, 7, 14, 28), 28, [50.213568459217306, 44.310010723080595, 72.8731061243043, 57.38064046170077, 66.53603078364]],
  ['SAR', parabolicSar(bars, 0.02, 0.2), 1, [1478.0, 1453.275300985684, 1072.0503554501886, 1169.8169136000001, 2668.5419696248814]],
  ['MACD', macd(close, 12, 26, 9).macd, 33, [-16.932036658941342, -13.757941645611027, 11.380687344371154, 2.092006218123288, 16.395998236646392]],
  ['MACD signal', macd(close, 12, 26, 9).signal, 33, [-14.459841379700997, -9.45357291922105, 9.35804269044596, -2.086654450941032, -35.49093151494961]],
  ['MACD histogram', macd(close, 12, 26, 9).histogram, 33, [-2.4721952792403457, -4.304368726389976, 2.0226446539251945, 4.178660669064319, 51.886929751596]],
  ['BBANDS upper', bollinger(close, 20, 2).upper, 19, [1482.052888632732, 1476.1389923193558, 1100.4124094851486, 1293.870160829535, 2958.156547927554]],
  ['BBANDS middle', bollinger(close, 20, 2).middle, 19, [1425.5855, 1421.8955, 1075.0575000000003, 1226.5045000000002, 2613.104500000001]],
  ['BBANDS lower', bollinger(close, 20, 2).lower, 19, [1369.1181113672678, 1367.6520076806444, 1049.702590514852, 1159.1388391704654, 2268.0524520724475]],
  ['STOCH %K', stochastic(bars, 14, 3, 3).k, 17, [26.474809685179206, 19.487541318601526, 95.15160819616585, 83.8261194380169, 89.68290845161503]],
  ['STOCH %D', stochastic(bars, 14, 3, 3).d, 17, [31.03102744376986, 22.178102637680293, 96.4583199251008, 76.17699306364744, 89.73592862456076]],
  ['AROON up', aroon(bars, 14).up, 14, [0.0, 50.0, 100.0, 100.0, 100.0]],
  ['AROON down', aroon(bars, 14).down, 14, [14.285714285714286, 92.85714285714286, 21.42857142857143, 57.142857142857146, 21.42857142857143]],
];

/** TA-Lib holds these back until the line computed from them begins; here they begin when they are defined. */
const HELD_BACK: Readonly<Record<string, number>> = { MACD: 25, 'STOCH %K': 15 };

describe('indicators on 5,105 real bars', () => {
  it.each(TA_LIB)(
    '%s is that of TA-Lib to 1e-9, from its first value on',
    (name, values, first, expected) => {
      const begins = HELD_BACK[name] ?? first;
      expect(values.slice(0, begins).every(Number.isNaN)).toBe(true);
      expect(values[begins]).not.toBeNaN();
      [first, ...AT].forEach((at, i) => {
        const value = expected[i] as number;
        expect(Math.abs((values[at] as number) - value), `index ${at}`).toBeLessThanOrEqual(
          1e-9 * Math.max(1, Math.abs(value)),
        );
      });
    },
  );
});
