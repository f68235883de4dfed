/**
 * Makes `process.env` the environment of whoever's code runs, where one thread runs code of several.
 *
 * @param {() => Record<string, string> | undefined} current
 */
export function installScopedEnvironment(current) {
  const nobody = {};
  const own = () => current() ?? nobody;
  process.env = new Proxy(nobody, {
    get: (_, name) => own()[name],
    has: (_, name) => name in own(),
    set: (_, name, value) => {
      own()[name] = String(value);
      return true;
    },
    deleteProperty: (_, name) => delete own()[name],
    ownKeys: () => Reflect.ownKeys(own()),
    getOwnPropertyDescriptor: (_, name) => Reflect.getOwnPropertyDescriptor(own(), name),
  });
}
