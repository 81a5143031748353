/** Draws the map's points with WebGL. By hand, since regl, on which the kept packages for this build, makes code from text, and the
 *  server's policy for content allows none. 100,000 points are one call. */

export interface View {
  /** Of the canvas, in CSS pixels. */
  readonly width: number;
  readonly height: number;
  /** From the unit square to CSS pixels: `scale` times the place, plus `x`, `y`. */
  readonly scale: number;
  readonly x: number;
  readonly y: number;
}

export interface Drawing {
  /** @param at shape [points, 2], 0 to 65,535 */
  setPoints(at: Uint16Array): void;
  /** @param rgba shape [points, 4] */
  setColours(rgba: Uint8Array): void;
  draw(view: View, pointPx: number): void;
  close(): void;
}

const vertexShader = `#version 300 es
in vec2 place;
in vec4 colour;
uniform vec4 view;
uniform float size;
out vec4 shade;
void main() {
  gl_Position = vec4(place * view.xy + view.zw, 0.0, 1.0);
  gl_PointSize = size;
  shade = colour;
}`;
const fragmentShader = `#version 300 es
precision highp float;
in vec4 shade;
uniform float size;
out vec4 pixel;
void main() {
  float away = length(gl_PointCoord - 0.5) * size;
  float alpha = shade.a * clamp(size * 0.5 - away, 0.0, 1.0);
  pixel = vec4(shade.rgb * alpha, alpha);
}`;

/** @returns null where the browser has no WebGL 2 */
export function createDrawing(canvas: HTMLCanvasElement): Drawing | null {
  const gl = canvas.getContext('webgl2', { antialias: false, alpha: true, premultipliedAlpha: true });
  if (!gl) return null;
  const program = programOf(gl);
  if (!program) return null;
  const [places, colours] = [gl.createBuffer(), gl.createBuffer()];
  const [viewAt, sizeAt] = [gl.getUniformLocation(program, 'view'), gl.getUniformLocation(program, 'size')];
  let points = 0;
  // biome-ignore lint/correctness/useHookAtTopLevel: WebGL's, and no hook of React.
  gl.useProgram(program);
  gl.enable(gl.BLEND);
  gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
  const attribute = (name: string, buffer: WebGLBuffer, size: number, type: number): void => {
    const location = gl.getAttribLocation(program, name);
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
    gl.enableVertexAttribArray(location);
    gl.vertexAttribPointer(location, size, type, true, 0, 0);
  };
  attribute('place', places, 2, gl.UNSIGNED_SHORT);
  attribute('colour', colours, 4, gl.UNSIGNED_BYTE);
  return {
    setPoints(at) {
      points = at.length / 2;
      gl.bindBuffer(gl.ARRAY_BUFFER, places);
      gl.bufferData(gl.ARRAY_BUFFER, at, gl.STATIC_DRAW);
    },
    setColours(rgba) {
      gl.bindBuffer(gl.ARRAY_BUFFER, colours);
      gl.bufferData(gl.ARRAY_BUFFER, rgba, gl.DYNAMIC_DRAW);
    },
    draw({ width, height, scale, x, y }, pointPx) {
      const ratio = devicePixelRatio;
      const [wide, high] = [Math.round(width * ratio), Math.round(height * ratio)];
      if (canvas.width !== wide || canvas.height !== high) {
        canvas.width = wide;
        canvas.height = high;
      }
      gl.viewport(0, 0, wide, high);
      gl.clearColor(0, 0, 0, 0);
      gl.clear(gl.COLOR_BUFFER_BIT);
      // Clip space is from -1 to 1, and upwards.
      gl.uniform4f(viewAt, (2 * scale) / width, (-2 * scale) / height, (2 * x) / width - 1, 1 - (2 * y) / height);
      gl.uniform1f(sizeAt, pointPx * ratio);
      gl.drawArrays(gl.POINTS, 0, points);
    },
    close() {
      gl.deleteBuffer(places);
      gl.deleteBuffer(colours);
      gl.deleteProgram(program);
    },
  };
}

function programOf(gl: WebGL2RenderingContext): WebGLProgram | null {
  const program = gl.createProgram();
  for (const [type, source] of [
    [gl.VERTEX_SHADER, vertexShader],
    [gl.FRAGMENT_SHADER, fragmentShader],
  ] as const) {
    const shader = gl.createShader(type);
    if (!shader) return null;
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  return gl.getProgramParameter(program, gl.LINK_STATUS) ? program : null;
}
