"""The GLSL programs that draw a simulated person: each a pair of vertex and fragment shader."""

from __future__ import annotations

# where on the body each texel of the unwrapped skin lies
UNWRAP = (
    """#version 330
    in vec2 uv; in vec3 at; uniform vec2 shift; out vec3 place;
    void main() { place = at; gl_Position = vec4(uv * 2 - 1 + shift, 0, 1); }""",
    """#version 330
    in vec3 place; out vec4 colour;
    void main() { colour = vec4(place, 1); }""",
)
SHADOW = (
    """#version 330
    in vec3 at; uniform mat4 light;
    void main() { gl_Position = light * vec4(at, 1); }""",
    "#version 330\nvoid main() {}",
)
# squares and roots stand in for the sRGB curve: a third of the image's time went into pow()
SHADED = (
    """#version 330
    in vec3 at; in vec3 normal; in vec2 uv;
    uniform mat3 axes; uniform vec3 eye; uniform float focal; uniform float aspect; uniform mat4 light;
    out vec3 n; out vec2 skin; out vec4 lit; out vec3 view;
    void main() {
        vec3 p = axes * (at - eye);
        n = normal; skin = uv; view = eye - at; lit = light * vec4(at, 1);
        gl_Position = vec4(2 * focal / aspect * p.x, -2 * focal * p.y, (p.z - 0.2) * 1.02, p.z);
    }""",
    """#version 330
    in vec3 n; in vec2 skin; in vec4 lit; in vec3 view;
    uniform sampler2D paint; uniform sampler2DShadow shadow;
    uniform vec3 sun; uniform vec3 key; uniform float sky;
    out vec4 colour;
    void main() {
        vec3 normal = normalize(n), v = normalize(view);
        vec4 painted = texture(paint, skin);
        vec3 base = painted.rgb * painted.rgb;
        vec3 s = lit.xyz / lit.w * 0.5 + 0.5;
        float open = 1;
        if (all(lessThan(abs(s - 0.5), vec3(0.49)))) open = texture(shadow, vec3(s.xy, s.z - 0.004));
        vec3 direct = key * open * max(0, (dot(normal, sun) + 0.15) / 1.15);
        vec3 above = mix(vec3(0.17, 0.16, 0.16), vec3(0.46, 0.48, 0.52), normal.z * 0.5 + 0.5);
        vec3 fill = vec3(0.24, 0.27, 0.32) * max(0, dot(normal, normalize(vec3(-sign(sun.x) * 0.8, -0.6, 0.2))));
        float glint = max(0, dot(normal, normalize(sun + v)));
        glint *= glint * glint; glint *= glint; glint *= glint; glint *= glint;
        float edge = 1 - max(0, dot(normal, v));
        vec3 result = base * (direct + sky * (above + fill) + 0.10 * edge * edge * edge);
        result += 0.2 * painted.a * open * glint;
        colour = vec4(sqrt(min(result, vec3(1))), 1);
    }""",
)
# what was drawn at twice the size, its pixels averaged by four, before the wall
BACKDROP = (
    """#version 330
    in vec2 corner; out vec2 p;
    void main() { p = corner * 0.5 + 0.5; gl_Position = vec4(corner, 0, 1); }""",
    """#version 330
    in vec2 p; uniform vec2 shift; uniform sampler2D wall; uniform sampler2D drawn; out vec4 colour;
    void main() {
        vec4 front = texture(drawn, p);
        colour = vec4(front.rgb + (1 - front.a) * texture(wall, p + shift).rgb, 1);
    }""",
)
