// The widget's looks. A page changes the colours with the custom properties named in the guide; nothing else of the
// page reaches in. Contrast of every text on its ground is at least 4.5:1 in both schemes.

const light = `
--a:var(--cordboard-accent,#0f6a5c);--oa:var(--cordboard-on-accent,#fff);
--s:var(--cordboard-surface,#fff);--s2:var(--cordboard-surface-raised,#eef2f1);
--t:var(--cordboard-text,#16211f);--m:var(--cordboard-text-muted,#51605d);
--l:var(--cordboard-line,#d3dcda);--e:var(--cordboard-error,#b3261e);color-scheme:light;`

const dark = `
--a:var(--cordboard-accent,#6fd6c2);--oa:var(--cordboard-on-accent,#06241f);
--s:var(--cordboard-surface,#161d1c);--s2:var(--cordboard-surface-raised,#253130);
--t:var(--cordboard-text,#e8efed);--m:var(--cordboard-text-muted,#a5b5b1);
--l:var(--cordboard-line,#3a4846);--e:var(--cordboard-error,#ffb4ab);color-scheme:dark;`

export const STYLES = `
:host{all:initial;${light}}
@media(prefers-color-scheme:dark){:host{${dark}}}
:host([data-theme=light]){${light}}
:host([data-theme=dark]){${dark}}
*{box-sizing:border-box}
[hidden]{display:none!important}
.root{position:fixed;inset:auto 20px 20px auto;z-index:var(--cordboard-layer,2147483000);
font:15px/1.45 var(--cordboard-font,system-ui,-apple-system,"Segoe UI",Roboto,"PingFang SC","Microsoft YaHei","Noto Sans CJK SC",sans-serif);color:var(--t)}
button,input,select,textarea{font:inherit;color:inherit;margin:0}
button{cursor:pointer;border:0;background:none;padding:0}
button:disabled{cursor:default;opacity:.55}
:focus-visible{outline:3px solid var(--a);outline-offset:2px}
svg{width:22px;height:22px;fill:none;stroke:currentColor;stroke-width:1.9;stroke-linejoin:round;stroke-linecap:round;display:block}
.launcher{width:58px;height:58px;border-radius:50%;background:var(--a);color:var(--oa);display:grid;place-items:center;
box-shadow:0 6px 20px #0005;margin-left:auto;position:relative;transition:transform .15s}
.launcher:hover{transform:scale(1.05)}
.launcher svg{width:28px;height:28px}
.badge{position:absolute;top:-3px;right:-3px;min-width:22px;height:22px;padding:0 6px;border-radius:11px;background:#b3261e;color:#fff;
font-size:12.5px;font-weight:700;line-height:22px;text-align:center;box-shadow:0 0 0 2px var(--s)}
.panel{position:absolute;right:0;bottom:72px;width:384px;height:min(620px,calc(100vh - 112px));height:min(620px,calc(100dvh - 112px));
display:flex;flex-direction:column;background:var(--s);border:1px solid var(--l);border-radius:16px;overflow:hidden;box-shadow:0 16px 48px #0004;
animation:rise .18s ease-out}
@keyframes rise{from{opacity:0;transform:translateY(10px)}}
header{display:flex;align-items:center;gap:4px;padding:12px 10px 12px 18px;background:var(--a);color:var(--oa)}
header div{flex:1;min-width:0}
h2{font-size:16px;font-weight:650;line-height:1.25;margin:0}
.status{font-size:13px;line-height:1.4;margin:2px 0 0;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.status::before{content:"";display:inline-block;width:8px;height:8px;border-radius:50%;margin-right:6px;background:currentColor;opacity:.6}
.status[data-state=online]::before{background:#4be08a;opacity:1;box-shadow:0 0 0 1.5px #063}
.status[data-state=waiting]::before,.status[data-state=connecting]::before{background:#ffc043;opacity:1;box-shadow:0 0 0 1.5px #630;animation:blink 1s infinite alternate}
@keyframes blink{to{opacity:.35}}
header button{min-width:36px;height:36px;border-radius:9px;display:grid;place-items:center;font-size:13px;font-weight:600;padding:0 7px;white-space:nowrap}
header button:hover{background:#0002}
header :focus-visible{outline-color:var(--oa);outline-offset:-3px}
.body{flex:1;min-height:0;display:flex;flex-direction:column}
form>.rows{display:contents}
form:not(.composer),.note{padding:18px;overflow:auto;display:flex;flex-direction:column;gap:13px;flex:1}
.note{text-align:center;justify-content:center}
.note .big{font-size:40px;line-height:1;margin:0;color:var(--a)}
p{margin:0}
h3{margin:0;font-size:17px}
.lead{color:var(--m)}
label{display:block;font-size:13.5px;font-weight:600}
label span{font-weight:400;color:var(--m)}
input,select,textarea{display:block;width:100%;margin-top:4px;padding:9px 11px;border:1px solid var(--m);border-radius:9px;background:var(--s);font-weight:400;font-size:15px}
textarea{resize:none}
::placeholder{color:var(--m);opacity:1}
input:focus-visible,select:focus-visible,textarea:focus-visible{outline:2px solid var(--a);outline-offset:-1px}
[aria-invalid=true]{border-color:var(--e);box-shadow:0 0 0 1px var(--e)}
.error{color:var(--e);font-size:13.5px;padding-top:3px}
.primary{background:var(--a);color:var(--oa);font-weight:650;border-radius:10px;padding:11px 16px;text-align:center}
.second{border:1px solid var(--m);border-radius:10px;padding:10px 16px;font-weight:600}
.talk{flex:1;min-height:0;overflow:auto;padding:14px 14px 6px;overscroll-behavior:contain}
ol{list-style:none;margin:0;padding:0;display:flex;flex-direction:column;gap:3px}
li{max-width:84%;display:flex;flex-direction:column}
li[data-author=visitor]{align-self:flex-end;align-items:flex-end}
li[data-author=agent]{align-self:flex-start;align-items:flex-start}
li[data-author=system]{align-self:center;max-width:100%;padding:7px 10px;text-align:center;color:var(--m);font-size:13.5px}
.who{font-size:12.5px;color:var(--m);margin:7px 4px 2px;font-weight:600}
.bubble{padding:8px 12px;border-radius:15px;white-space:pre-wrap;overflow-wrap:anywhere;background:var(--s2)}
li[data-author=visitor] .bubble{background:var(--a);color:var(--oa);border-bottom-right-radius:5px}
li[data-author=agent] .bubble{border-bottom-left-radius:5px}
.meta{font-size:12px;color:var(--m);margin:1px 4px 4px;font-variant-numeric:tabular-nums}
li[data-state=sending] .bubble{opacity:.75}
li[data-state=failed] .meta{color:var(--e);font-weight:600}
.position{margin:4px auto 8px;padding:7px 13px;border-radius:999px;background:var(--s2);font-size:13.5px;width:fit-content;max-width:100%;text-align:center}
.typing{min-height:20px;padding:2px 4px;font-size:13px;color:var(--m)}
.jump{align-self:center;margin-top:-40px;margin-bottom:6px;z-index:1;background:var(--a);color:var(--oa);border-radius:999px;padding:5px 14px;font-size:13px;font-weight:600;box-shadow:0 3px 10px #0004}
.bar{padding:7px 14px;font-size:13.5px;border-top:1px solid var(--l)}
.confirm{display:flex;flex-wrap:wrap;gap:8px;align-items:center;padding:11px 14px;border-top:1px solid var(--l);background:var(--s2)}
.confirm p{flex:1 0 100%;font-weight:600}
.confirm button{flex:1;padding:8px 12px}
.composer{display:flex;gap:8px;align-items:flex-end;padding:10px 12px;border-top:1px solid var(--l)}
.composer textarea{margin:0;max-height:128px;min-height:42px;overflow:auto}
.composer button{flex:none;width:42px;height:42px;border-radius:10px;background:var(--a);color:var(--oa);display:grid;place-items:center}
.away{padding:14px;border-top:1px solid var(--l);display:grid}
.sr{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
@media(max-width:480px){.panel{position:fixed;inset:0;width:auto;height:auto;border:0;border-radius:0}.root.open .launcher{display:none}}
@media(prefers-reduced-motion:reduce){*{animation:none!important;transition:none!important}}
@media(forced-colors:active){.launcher,.panel,.bubble,.primary{border:1px solid}}
`
