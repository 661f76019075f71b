// Takes the place of VS Code's own module for log files, which would have to be compiled: without it no output channel
// of an extension has any lines. Writes at once, so that a log is whole even when its process is killed.
const { appendFileSync, mkdirSync } = require("node:fs");
const { dirname } = require("node:path");

class Logger {
  constructor(_kind, _name, file) {
    this.file = file;
    this.plain = false;
    this.level = 2;
    mkdirSync(dirname(file), { recursive: true });
    this.#append("");
  }
  #append(text) {
    try {
      appendFileSync(this.file, text);
    } catch {
      // The folder is gone: the editor is being taken down.
    }
  }
  #write(level, word, message) {
    if (level < this.level) return;
    const now = new Date().toISOString().replace("T", " ").replace("Z", "");
    this.#append(this.plain ? message : `${now} [${word}] ${message}\n`);
  }
  trace(message) { this.#write(0, "trace", message); }
  debug(message) { this.#write(1, "debug", message); }
  info(message) { this.#write(2, "info", message); }
  warn(message) { this.#write(3, "warning", message); }
  error(message) { this.#write(4, "error", message); }
  critical(message) { this.#write(5, "critical", message); }
  getLevel() { return this.level; }
  setLevel(level) { this.level = level; }
  setPattern() {}
  clearFormatters() { this.plain = true; }
  flush() {}
  drop() {}
}

// One by one: VS Code imports them by name.
exports.version = 0;
exports.Logger = Logger;
exports.setLevel = () => {};
exports.setFlushOn = () => {};
exports.createRotatingLogger = async (name, file) => new Logger("rotating", name, file);
exports.createAsyncRotatingLogger = exports.createRotatingLogger;
