/** Full screen, where the panel beside the page would leave no room for either. */
export const FULL = '(max-width:480px),(max-height:480px)'

/** The clear borders are seen where the system takes all colours away (forced colours). */
export const STYLE =
  'button,div{box-sizing:border-box;border:1px solid #0000;position:fixed;bottom:calc(20px + env(safe-area-inset-bottom));right:20px;box-shadow:0 4px 20px #0005}' +
  'button{width:56px;height:56px;border-radius:50%;padding:0;cursor:pointer}' +
  'button:hover{filter:brightness(1.1)}' +
  'button:focus-visible{outline:3px solid #fff;box-shadow:0 0 0 6px #000}' +
  'svg{width:28px;display:block;margin:auto;fill:none;stroke:currentColor;stroke-width:2;stroke-linecap:round}' +
  'span{position:absolute;top:-4px;right:-4px;min-width:10px;padding:0 6px;border-radius:11px;background:#b91c1c;color:#fff;font:13px/22px sans-serif}' +
  'div{bottom:calc(88px + env(safe-area-inset-bottom));width:min(384px,100vw - 40px);height:min(640px,100vh - 108px);border-radius:16px;overflow:hidden}' +
  'iframe{border:0;width:100%;height:100%;display:block}' +
  '[hidden]{display:none!important}' +
  `@media ${FULL}{div{width:100vw;border:0;border-radius:0}.behind{display:none}}`
