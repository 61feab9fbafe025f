// A QR code drawn as one path, dark on light in both themes: cameras want it so.
import qrcode from 'qrcode-generator';
import { useMemo } from 'react';

const MARGIN = 4;

export function Qr({ text, label, size = 184 }: { text: string; label: string; size?: number }) {
  const { path, width } = useMemo(() => {
    const code = qrcode(0, 'M');
    code.addData(text);
    code.make();
    const count = code.getModuleCount();
    let drawn = '';
    for (let row = 0; row < count; row += 1) {
      for (let column = 0; column < count; column += 1) {
        if (code.isDark(row, column)) drawn += `M${column + MARGIN} ${row + MARGIN}h1v1h-1z`;
      }
    }
    return { path: drawn, width: count + 2 * MARGIN };
  }, [text]);
  return (
    <svg className="l-qr" role="img" aria-label={label} width={size} height={size} viewBox={`0 0 ${width} ${width}`} shapeRendering="crispEdges">
      <rect width={width} height={width} fill="#fff" />
      <path d={path} fill="#000" />
    </svg>
  );
}
