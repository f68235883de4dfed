/**
 * The page's only style. Blue and orange keep apart for the colour-blind; lines differ by dash too. The plots are stretched
 * squares, so strokes do not scale, and every label is text of the page, readable at any width.
 */
export const STYLE = `
:root{--ground:#fff;--card:#f6f8fa;--text:#1c2128;--muted:#59636e;--edge:#d1d9e0;--grid:#e6eaef;--own:#0b5fa5;--market:#6e7781;--loss:#b3440b;--gain-rgb:11,95,165;--loss-rgb:213,94,0;--alarm:#a40e26;--alarm-ground:#fff1f1}
@media screen and (prefers-color-scheme:dark){:root{--ground:#0f1419;--card:#171d24;--text:#e6e9ed;--muted:#9aa5b1;--edge:#2f3843;--grid:#242c35;--own:#5cb0f2;--market:#a5afba;--loss:#f0914f;--gain-rgb:64,150,220;--loss-rgb:222,110,30;--alarm:#ff8f8f;--alarm-ground:#331418}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0 auto;max-width:1120px;padding:24px 28px 40px;background:var(--ground);color:var(--text);font:15px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;font-variant-numeric:tabular-nums}
h1{font-size:30px;line-height:1.15;margin:0;overflow-wrap:anywhere}
h2{font-size:19px;margin:36px 0 12px;padding-bottom:6px;border-bottom:1px solid var(--edge)}
h3{font-size:15px;margin:0}
p{margin:0}
code{font:12.5px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;overflow-wrap:anywhere}
.subject,.span,.note,figcaption p,footer{color:var(--muted);font-size:13.5px}
.subject{text-transform:uppercase;letter-spacing:.06em;font-size:12px;margin-bottom:4px}
.span{margin-top:4px}
.tiles{list-style:none;margin:20px 0;padding:0;display:grid;grid-template-columns:repeat(6,1fr);gap:10px}
.tiles li{background:var(--card);border:1px solid var(--edge);border-radius:8px;padding:10px 12px;display:flex;flex-direction:column;gap:2px;min-width:0}
.tiles span{font-size:12.5px;color:var(--muted)}
.tiles strong{font-size:20px;line-height:1.25;font-weight:650;white-space:nowrap}
.tiles small{font-size:12px;color:var(--muted)}
.banner{margin:20px 0;padding:14px 18px;border:2px solid var(--alarm);border-radius:8px;background:var(--alarm-ground)}
.banner h2{margin:0 0 6px;padding:0;border:0;color:var(--alarm);letter-spacing:.08em}
.banner ul{margin:8px 0 0;padding-left:20px}
.provenance{margin:20px 0 0;border:1px solid var(--edge);border-radius:8px;padding:6px 14px;font-size:13.5px}
.provenance>div{display:grid;grid-template-columns:150px 1fr;gap:12px;padding:5px 0}
.provenance>div+div{border-top:1px solid var(--grid)}
dt{color:var(--muted)}
dd{margin:0;overflow-wrap:anywhere}
.chart{margin:0 0 26px;min-width:0}
figcaption{margin-bottom:8px}
.legend{display:flex;flex-wrap:wrap;gap:4px 18px;margin-top:4px}
.key{display:inline-flex;align-items:center;gap:7px}
.key i{width:24px;border-top:2.5px solid var(--own)}
.key i.market{border-top:2px dashed var(--market)}
.key i.limit{border-top:2px dotted var(--loss)}
.plot{margin-top:12px;display:grid;grid-template-columns:76px 1fr;grid-template-rows:var(--height,200px) 22px}
.plot.tall{--height:300px}
.plot.low{--height:120px}
.plot svg{grid-area:1/2;width:100%;height:100%;display:block;overflow:visible;border-bottom:1px solid var(--edge)}
.plot .up{grid-area:1/1;position:relative;font-size:12px;color:var(--muted)}
.plot .up span{position:absolute;right:9px;transform:translateY(-50%);white-space:nowrap}
.plot .across{grid-area:2/2;position:relative;font-size:12px;color:var(--muted)}
.plot .across span{position:absolute;top:4px;transform:translateX(-50%);white-space:nowrap}
.plot .across .end{transform:translateX(-100%)}
svg path,svg rect{vector-effect:non-scaling-stroke}
.grid{stroke:var(--grid);fill:none}
.line{fill:none;stroke-width:1.6;stroke-linejoin:round}
.line.own{stroke:var(--own)}
.line.market{stroke:var(--market);stroke-width:1.3;stroke-dasharray:5 3}
.line.limit{stroke:var(--loss);stroke-width:1.8;stroke-dasharray:2 3}
.line.zero{stroke:var(--muted);stroke-width:1}
.area.own{fill:rgba(var(--gain-rgb),.22)}
.bar{stroke:var(--ground);stroke-width:1}
.bar.gain{fill:rgb(var(--gain-rgb))}
.bar.loss{fill:rgb(var(--loss-rgb))}
.scales{position:relative}
.scales input{position:absolute;opacity:0}
.scales label{display:inline-block;margin:0 6px 10px 0;padding:3px 12px;border:1px solid var(--edge);border-radius:99px;font-size:13px;cursor:pointer;color:var(--muted)}
.scales input:checked+label{border-color:var(--own);color:var(--own);font-weight:600}
.scales input:focus-visible+label{outline:2px solid var(--own);outline-offset:2px}
#scale-linear:checked~.logarithmic,#scale-log:checked~.linear{display:none}
.cards{columns:2;column-gap:32px}
.cards>*{break-inside:avoid;margin:0 0 24px}
.pair{display:grid;grid-template-columns:repeat(2,minmax(0,1fr));gap:22px 28px}
.wide{overflow-x:auto;min-width:0}
.wide:focus-visible{outline:2px solid var(--own);outline-offset:2px}
table{border-collapse:collapse;width:100%;font-size:13.5px}
caption{text-align:left;font-weight:650;padding-bottom:6px}
th,td{padding:4px 8px;border-top:1px solid var(--grid);vertical-align:top}
th:first-child{padding-left:0}
th:last-child,td:last-child{padding-right:0}
thead th{color:var(--muted);font-weight:500;font-size:12.5px;border-top:0}
tbody th{font-weight:400;text-align:left}
.figure{text-align:right;white-space:nowrap}
thead .figure{white-space:normal}
.words{text-align:left}
td small{color:var(--muted);margin-left:4px}
.undefined{color:var(--muted);font-size:12.5px;white-space:normal}
abbr{text-decoration:none;color:var(--loss);font-weight:700}
.key i.square{width:11px;height:11px;border:0;border-radius:2px}
.key i.gain{background:rgb(var(--gain-rgb))}
.key i.loss{background:rgb(var(--loss-rgb))}
.unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.months{table-layout:fixed;margin-bottom:26px;border-collapse:separate;border-spacing:2px}
.months th,.months td,.months td:last-child{border:0;text-align:right;padding:3px 6px}
.months tbody th{padding-left:0}
.heat{border-radius:3px}
.heat.gain{background:rgba(var(--gain-rgb),var(--strength))}
.heat.loss{background:rgba(var(--loss-rgb),var(--strength))}
.months tr>:last-child{font-weight:650}
.short{display:none}
section>.wide+.wide{margin-top:24px}
.note{margin-top:10px}
footer{margin-top:40px;padding-top:12px;border-top:1px solid var(--edge)}
@media (max-width:900px){.tiles{grid-template-columns:repeat(3,1fr)}}
@media (max-width:700px){
body{padding:16px 14px 32px}
h1{font-size:24px}
.tiles{grid-template-columns:repeat(2,1fr)}
.tiles strong{font-size:18px}
.provenance>div{grid-template-columns:1fr;gap:0}
.cards{columns:1}
.pair{grid-template-columns:minmax(0,1fr)}
.plot{grid-template-columns:58px 1fr}
.plot .up,.plot .across{font-size:11px}
.plot.tall{--height:230px}
.minor{display:none}
.spare{display:none}
table{font-size:13px}
th,td{padding:4px 5px}
.months{font-size:11px;border-spacing:1px}
td small{display:block;margin:0}
.months th,.months td,.months td:last-child{padding:3px 1px;text-align:center;font-size:11px}
.months .fine{display:none}
.months .short{display:inline}
.months thead th:first-child,.months tbody th{width:32px;text-align:left}
}
@media print{
@page{margin:13mm}
body{max-width:none;padding:0;font-size:10.5pt}
*{-webkit-print-color-adjust:exact;print-color-adjust:exact}
.scales input,.scales label{display:none}
.wide{overflow:visible}
.chart,.tiles li,.provenance,.banner,tr{break-inside:avoid}
.months{break-inside:avoid}
h2,caption,figcaption{break-after:avoid}
.pair .minor{display:none}
td small{display:block;margin:0}
.plot.tall{--height:230px}
table{font-size:9pt}
.tiles{grid-template-columns:repeat(3,1fr)}
.tiles strong{font-size:13pt}
.tiles small,.tiles span{font-size:8pt}
}
`;
