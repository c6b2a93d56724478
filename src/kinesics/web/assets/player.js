// The video: played, stepped by the frame, and a clock of its own where there is none to be played.
import { $, clamp, clock } from "./tools.js";
import { t } from "./server.js";

export class Player extends EventTarget {
  constructor({ id, duration, fps, video }) {
    super();
    Object.assign(this, { duration: duration || 0, fps: fps || 25, time: 0, until: null, loop: null, playing: false, media: null });
    if (video) this.useVideo(`/api/recordings/${id}/video`);
    $("video").hidden = !video;
    $("speed").onchange = () => { if (this.media) this.media.playbackRate = Number($("speed").value); };
    this.show();
  }

  useVideo(address) {
    const media = $("video");
    media.addEventListener("loadedmetadata", () => {
      this.media = media;
      media.currentTime = this.time;
      this.dispatchEvent(new Event("ready"));
    });
    media.addEventListener("error", () => { this.media = null; $("unplayable").hidden = false; media.hidden = true; });
    media.addEventListener("pause", () => { if (this.playing && media.ended) this.pause(); });
    media.addEventListener("seeked", () => this.dispatchEvent(new Event("frame")));
    media.src = address;
  }

  /** The frame that is shown, from 0. */
  get frame() { return Math.round(this.time * this.fps); }

  seek(time) {
    this.time = clamp(time, 0, this.duration);
    if (this.media) this.media.currentTime = Math.min(this.time + 0.0005, this.media.duration || Infinity); // within the frame, not at its edge
    this.show();
    this.dispatchEvent(new Event("move"));
  }

  /** Some frames on, or back. */
  step(frames) {
    this.pause();
    this.seek((this.frame + frames) / this.fps);
  }

  toggle() { if (this.playing) this.pause(); else this.play(); }

  /** Play on, or from one time to another. */
  play(from = null, until = null) {
    if (from !== null) this.seek(from);
    else if (this.time >= this.duration - 0.05) this.seek(0);
    Object.assign(this, { playing: true, until });
    if (this.media) {
      this.media.playbackRate = Number($("speed").value);
      this.media.play().catch(() => this.pause());
    }
    let last = performance.now();
    const tick = (moment) => {
      if (!this.playing) return;
      this.time = this.media ? this.media.currentTime : this.time + ((moment - last) / 1000) * Number($("speed").value);
      last = moment;
      const end = this.until ?? this.duration;
      if (this.time >= end) {
        this.pause();
        this.seek(Math.min(end, this.duration));
        return;
      }
      this.show();
      this.dispatchEvent(new Event("move"));
      requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
    this.show();
  }

  pause() {
    this.playing = false;
    this.media?.pause();
    this.show();
  }

  show() {
    const words = `${clock(this.time, 2)} / ${clock(this.duration, 0)} · ${t("review.frame", { frame: this.frame })}`;
    if ($("clock").textContent !== words) $("clock").textContent = words;
    const way = t(this.playing ? "review.pause" : "review.play");
    if ($("play").getAttribute("aria-label") === way) return;
    $("play").setAttribute("aria-label", way);
    $("play-shape").setAttribute("d", this.playing ? "M6.5 5h4v14h-4zM13.5 5h4v14h-4z" : "M7 4.5v15l13-7.5z");
  }
}
