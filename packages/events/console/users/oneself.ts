/** Of whoever looks at the page, which says who that is. */
export const isOneself = (id: string) => document.documentElement.dataset['user'] === id
