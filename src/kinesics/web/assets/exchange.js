// Tiers to and from the files of other programs.
import { $, make } from "./tools.js";
import { ask, complain, t, tell } from "./server.js";
import { tierNames } from "./tiers.js";

const FORMATS = ["ELAN", "BORIS", "CSV", "Parquet", "frames"];

export function listenToExchange(review) {
  const { recording, tier, content } = review;
  $("export").onclick = () => {
    const tiers = [{ id: tier.id, name: tier.coder.name }, ...tierNames(content)];
    $("export-tier").replaceChildren(...tiers.map((one) => make("option", { value: one.id, textContent: one.name })));
    $("export-tier").onchange = () => show().catch(complain);
    show().catch(complain);
    $("export-sheet").showModal();
  };
  const show = async () => {
    const own = await ask(`/api/recordings/${recording.id}/documents`), chosen = $("export-tier").value;
    const link = (href, textContent) => make("li", {}, make("a", { href, download: "", textContent }));
    $("export-list").replaceChildren(
      ...FORMATS.map((format) => link(`/api/recordings/${recording.id}/export?tier=${chosen}&format=${format}`, t(`export.${format}`))),
      ...own.map(({ review, name }) => link(`/api/recordings/${recording.id}/documents/${review}?tier=${chosen}`, t("export.own", { name }))));
  };
  $("export-close").onclick = () => $("export-sheet").close();
  $("import-file").onchange = () => look(recording, $("import-file").files[0]).catch(complain);
}

/** Show what a file holds, and ask what its codes mean. */
async function look(recording, file) {
  const query = `name=${encodeURIComponent(file.name)}`;
  const found = await ask(`/api/recordings/${recording.id}/codings/look?${query}`, file);
  $("import-form").hidden = false;
  $("import-notes").textContent = found.notes.join(" ");
  const fields = Object.entries(found.codes).map(([code, { count, suggested }]) => {
    const field = make("input", { value: suggested, maxLength: 200, "aria-label": t("import.code", { code }) });
    field.setAttribute("list", "import-classes");
    return { code, field, row: make("tr", {}, make("th", { scope: "row", textContent: `${code} (${count})` }), make("td", {}, field)) };
  });
  const classes = make("datalist", { id: "import-classes" }, ...found.classes.map((value) => make("option", { value })));
  $("import-codes").replaceChildren(...fields.map(({ row }) => row), classes);
  $("import-form").onsubmit = async (event) => {
    event.preventDefault();
    const mapping = JSON.stringify(Object.fromEntries(fields.map(({ code, field }) => [code, field.value.trim()])));
    try {
      const coder = encodeURIComponent($("import-coder").value);
      await ask(`/api/recordings/${recording.id}/codings?${query}&coder=${coder}&mapping=${encodeURIComponent(mapping)}`, file);
      tell(t("import.done"));
      location.reload();
    } catch (error) { complain(error); }
  };
}
