// The image viewer: two pictures of one scene beside each other under a movable edge, or their
// difference; columns and their errors drawn above. Reads the JSON that the page holds.
(() => {
  "use strict";
  const PM = 100;
  const MOST = 16;
  for (const root of document.querySelectorAll(".viewer")) start(root);

  function start(root) {
    const data = JSON.parse(root.querySelector("script").textContent);
    const part = (name) => root.querySelector(`[data-part="${name}"]`);
    const canvas = part("canvas");
    const context = canvas.getContext("2d");
    const first = data.start || { scene: 0, left: "raw", right: "" };
    let scene = data.scenes[first.scene];
    let view = { zoom: 1, x: 0, y: 0 };
    let pixels = {};
    let drawing = 0;

    const cases = [...new Set(data.scenes.map((one) => one.case))];
    fill(part("case"), cases, scene.case);
    part("case").addEventListener("change", () => {
      keepPlace();
      choose(data.scenes.find((one) => one.case === part("case").value));
    });
    part("image").addEventListener("change", () => chooseBy());
    part("dose").addEventListener("change", () => chooseBy());
    for (const name of ["left", "right", "show", "edge", "columns", "errors", "longer"])
      part(name).addEventListener("input", () => draw());
    part("in").addEventListener("click", () => zoomBy(2));
    part("out").addEventListener("click", () => zoomBy(0.5));
    part("whole").addEventListener("click", () => { keepPlace(); draw(); });
    canvas.addEventListener("keydown", onKey);
    canvas.addEventListener("pointerdown", onDown);
    canvas.addEventListener("pointermove", onMove);
    window.addEventListener("resize", () => draw());
    choose(scene, first);
    root.hidden = false;

    function fill(menu, values, chosen, labels = values) {
      menu.replaceChildren(...values.map((value, i) => new Option(labels[i], value)));
      menu.value = values.includes(chosen) ? chosen : values[0];
    }

    function keepPlace() { view = { zoom: 1, x: 0, y: 0 }; }

    function chooseBy() {
      const own = data.scenes.filter((one) => one.case === scene.case);
      const image = part("image").value;
      const there = own.filter((one) => one.image === image);
      choose(there.find((one) => one.dose === part("dose").value) || there[0]);
    }

    async function choose(next, names = null) {
      busy(true);
      const left = names ? names.left : part("left").value;
      const right = names ? names.right : part("right").value;
      scene = next;
      const own = data.scenes.filter((one) => one.case === scene.case);
      fill(part("image"), [...new Set(own.map((one) => one.image))], scene.image);
      const doses = own.filter((one) => one.image === scene.image).map((one) => one.dose);
      fill(part("dose"), doses, scene.dose, doses.map((dose) => `${dose} e/Å²`));
      const keys = scene.pictures.map((one) => one.name);
      const labels = scene.pictures.map((one) => one.label);
      fill(part("left"), keys, keys.includes(left) ? left : "raw", labels);
      fill(part("right"), keys, keys.includes(right) ? right : keys[Math.min(2, keys.length - 1)],
           labels);
      const wanted = scene;
      const read = {};
      for (const one of scene.pictures) read[one.name] = await decoded(one, scene);
      if (scene !== wanted) return;
      pixels = read;
      draw();
    }

    async function decoded(picture, of) {
      const image = new Image();
      image.src = `data:image/webp;base64,${picture.webp}`;
      await image.decode();
      const sheet = sheetOf(of.columns, of.rows);
      const brush = sheet.getContext("2d", { willReadFrequently: true });
      brush.drawImage(image, 0, 0);
      const rgba = brush.getImageData(0, 0, of.columns, of.rows).data;
      const grey = new Uint8Array(of.columns * of.rows);
      for (let i = 0; i < grey.length; i++) grey[i] = rgba[4 * i];
      return { sheet, grey };
    }

    function sheetOf(width, height) {
      const sheet = document.createElement("canvas");
      sheet.width = width;
      sheet.height = height;
      return sheet;
    }

    function picture(side) {
      return scene.pictures.find((one) => one.name === part(side).value);
    }

    // Told to readers of the screen, and to tests: what is shown is not yet what was chosen.
    function busy(state) { canvas.parentElement.setAttribute("aria-busy", state); }

    function draw() {
      busy(true);
      cancelAnimationFrame(drawing);
      drawing = requestAnimationFrame(paint);
    }

    function paint() {
      if (!pixels[part("left").value] || !pixels[part("right").value]) return;
      const shown = canvas.clientWidth || 512;
      const sharp = window.devicePixelRatio || 1;
      canvas.width = Math.round(shown * sharp);
      canvas.height = Math.round(canvas.width * scene.rows / scene.columns);
      context.imageSmoothingEnabled = false;
      limit();
      const split = part("show").value === "split";
      part("edge").disabled = !split;
      const edge = split ? canvas.width * part("edge").value / 100 : 0;
      if (split) {
        side("left", 0, edge);
        side("right", edge, canvas.width);
        context.fillStyle = "#ffd166";
        context.fillRect(edge - sharp, 0, 2 * sharp, canvas.height);
      } else {
        paste(difference(), 0, canvas.width);
        marks("right", 0, canvas.width);
      }
      tell(split);
      busy(false);
    }

    function side(name, from, to) {
      paste(pixels[part(name).value].sheet, from, to);
      marks(name, from, to);
    }

    function scale() { return canvas.width / scene.columns * view.zoom; }

    function clipped(from, to, action) {
      context.save();
      context.beginPath();
      context.rect(from, 0, to - from, canvas.height);
      context.clip();
      action();
      context.restore();
    }

    function paste(sheet, from, to) {
      const by = scale();
      clipped(from, to, () => context.drawImage(
        sheet, -view.x * by, -view.y * by, scene.columns * by, scene.rows * by));
    }

    function marks(name, from, to) {
      const places = picture(name).fitted;
      const by = scale();
      const longer = Number(part("longer").value);
      const at = ([x, y]) => [(x + 0.5 - view.x) * by, (y + 0.5 - view.y) * by];
      const thick = Math.max(1, window.devicePixelRatio || 1);
      clipped(from, to, () => {
        scene.true.forEach((place, i) => {
          if (!place) return;
          const [x, y] = at(place);
          if (part("columns").checked) {
            context.strokeStyle = scene.measured[i] ? "#56b4e9" : "#a8a8a8";
            context.lineWidth = thick;
            context.beginPath();
            context.arc(x, y, Math.max(3 * thick, 0.25 * by), 0, 2 * Math.PI);
            context.stroke();
          }
          if (part("errors").checked && places && places[i] && scene.measured[i]) {
            const [u, v] = at([place[0] + longer * (places[i][0] - place[0]),
                               place[1] + longer * (places[i][1] - place[1])]);
            context.strokeStyle = "#ff9f1c";
            context.lineWidth = 2 * thick;
            context.beginPath();
            context.moveTo(x, y);
            context.lineTo(u, v);
            context.stroke();
          }
        });
      });
    }

    function difference() {
      const [a, b] = ["left", "right"].map((name) => pixels[part(name).value].grey);
      const sheet = sheetOf(scene.columns, scene.rows);
      const brush = sheet.getContext("2d");
      const image = brush.createImageData(scene.columns, scene.rows);
      for (let i = 0; i < a.length; i++) {
        // white where they agree; full colour at a quarter of the grey scale
        const share = Math.max(-1, Math.min(1, (b[i] - a[i]) / 64));
        const fade = 255 * (1 - Math.abs(share));
        image.data.set(share > 0 ? [255, fade, fade, 255] : [fade, fade, 255, 255], 4 * i);
      }
      brush.putImageData(image, 0, 0);
      return sheet;
    }

    function rms(places) {
      let sum = 0;
      let n = 0;
      scene.true.forEach((place, i) => {
        if (!place || !places || !places[i] || !scene.measured[i]) return;
        sum += (places[i][0] - place[0]) ** 2 + (places[i][1] - place[1]) ** 2;
        n += 1;
      });
      return { n, pm: Math.sqrt(sum / (2 * n)) * scene.sampling * PM };
    }

    function tell(split) {
      const value = (grey) => scene.black + (scene.white - scene.black) * grey / 255;
      const words = ["left", "right"].map((name) => {
        const one = picture(name);
        const { n, pm } = rms(one.fitted);
        const errors = n ? `, fitted places ${pm.toPrecision(3)} pm off per axis (rms of ${n})` : "";
        const beyond = one.clipped > 0.0005
          ? `, ${(100 * one.clipped).toFixed(1)} % of its pixels beyond the grey scale` : "";
        return `${name}: ${one.label}${errors}${beyond}`;
      });
      const range = `Grey from ${value(0).toPrecision(2)} to ${value(255).toPrecision(2)} of the beam.`;
      const colour = `Right less left: red is brighter, blue darker, full colour at ±${
        ((scene.white - scene.black) * 64 / 255).toPrecision(2)} of the beam.`;
      part("said").textContent = `${words.join("; ")}. ${split ? range : colour}`;
      canvas.setAttribute("aria-label",
        `${scene.case}, ${scene.image}, ${scene.dose} e/Å², ${split ? "split" : "difference"}`);
    }

    function limit() {
      view.zoom = Math.max(1, Math.min(MOST, view.zoom));
      view.x = Math.max(0, Math.min(scene.columns * (1 - 1 / view.zoom), view.x));
      view.y = Math.max(0, Math.min(scene.rows * (1 - 1 / view.zoom), view.y));
    }

    function zoomBy(factor) {
      const before = view.zoom;
      const zoom = Math.max(1, Math.min(MOST, before * factor));
      view.x += scene.columns / 2 * (1 / before - 1 / zoom);
      view.y += scene.rows / 2 * (1 / before - 1 / zoom);
      view.zoom = zoom;
      draw();
    }

    function onKey(event) {
      const step = scene.columns / 8 / view.zoom;
      const acts = {
        "+": () => zoomBy(2), "-": () => zoomBy(0.5), "0": keepPlace,
        ArrowLeft: () => { view.x -= step; }, ArrowRight: () => { view.x += step; },
        ArrowUp: () => { view.y -= step; }, ArrowDown: () => { view.y += step; },
      };
      if (!acts[event.key] || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      acts[event.key]();
      draw();
    }

    function onDown(event) {
      if (view.zoom > 1) canvas.setPointerCapture(event.pointerId);
    }

    function onMove(event) {
      const by = scale() / (window.devicePixelRatio || 1);
      if (canvas.hasPointerCapture(event.pointerId)) {
        view.x -= event.movementX / by;
        view.y -= event.movementY / by;
        draw();
        return;
      }
      const box = canvas.getBoundingClientRect();
      const x = Math.floor((event.clientX - box.left) / by + view.x);
      const y = Math.floor((event.clientY - box.top) / by + view.y);
      if (x < 0 || y < 0 || x >= scene.columns || y >= scene.rows) return;
      const at = y * scene.columns + x;
      const values = ["left", "right"].map((name) => {
        const one = pixels[part(name).value];
        const grey = one ? one.grey[at] : 0;
        const mark = grey === 0 ? "≤ " : grey === 255 ? "≥ " : "";
        return mark + (scene.black + (scene.white - scene.black) * grey / 255).toPrecision(3);
      });
      part("pixel").textContent = `x ${x}, y ${y}: left ${values[0]}, right ${values[1]}`;
    }
  }
})();
