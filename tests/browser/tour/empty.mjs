// The first day: nothing is there, and each page says how it gets there.
export async function firstDay(stage, see) {
  for (const [name, where] of [
    ['overview-first', '/overview'], ['keys-empty', '/keys'], ['keys-external-empty', '/keys?view=external'], ['profiles-empty', '/profiles'],
    ['profile-create-empty', '/profiles/new'], ['users-alone', '/users'], ['catalog-routes-empty', '/catalog'], ['catalog-resources-empty', '/catalog/resources'],
    ['catalog-services-empty', '/catalog/services'], ['catalog-import', '/catalog/import'], ['diagnose', '/diagnose'], ['settings-empty', '/settings'],
    ['not-found', '/nowhere'],
  ]) {
    await stage.go(where);
    await see(name);
  }
}
