using Hypervize.Bench.Lifecycle;

namespace Hypervize.Bench.Dashboard;

/// <summary>From an event to its status on the screen, among a thousand endpoints.</summary>
internal static class StatusChanges
{
    private static readonly TimeSpan Apart = TimeSpan.FromSeconds(1);

    /// <returns>Milliseconds between the event's commit, by PostgreSQL's own record of it, and the change of the page.</returns>
    public static async Task<IReadOnlyList<double>> MeasureAsync(Stage stage, Browser browser, Uri origin, string endpointId, int runs, Action<string> progress, CancellationToken cancel)
    {
        var page = await browser.Context.NewPageAsync();
        await page.GotoAsync(new Uri(origin, "/dashboard/inference").ToString());
        await Browser.LiveAsync(page);
        // Its row is the first: the newest is.
        await page.EvaluateAsync("""
            id => {
                window.seen = [];
                let last = "";
                const look = () => {
                    const badge = document.querySelector(`a[href$="${id}"]`)?.closest("tr")?.querySelector(".badge")?.textContent.trim();
                    if (badge && badge !== last) window.seen.push([badge, performance.timeOrigin + performance.now()]);
                    last = badge ?? last;
                };
                look();
                new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true });
            }
            """, endpointId);
        var samples = new List<double>();
        while (samples.Count < runs)
        {
            progress($"Changing a status, {samples.Count + 1} of {runs}");
            await ChangeAsync("enable", "Provisioning", "endpoint_enabled");
            await ChangeAsync("disable", "Disabled", "endpoint_disabled");
        }
        await page.CloseAsync();
        return samples;

        async Task ChangeAsync(string action, string badge, string type)
        {
            var before = await page.EvaluateAsync<int>("() => window.seen.length");
            await stage.DoAsync(endpointId, action, cancel);
            await page.WaitForFunctionAsync("([badge, before]) => window.seen.slice(before).some(s => s[0] === badge)", new object[] { badge, before });
            var shown = await page.EvaluateAsync<double>("([badge, before]) => window.seen.slice(before).find(s => s[0] === badge)[1]", new object[] { badge, before });
            var at = (await stage.QueryAsync(
                $"select pg_xact_commit_timestamp(xmin) from endpoints.mt_events where stream_id = '{endpointId}' and type = '{type}' order by seq_id desc limit 1", r => r.GetFieldValue<DateTimeOffset>(0), cancel))[0];
            samples.Add(shown - (at - DateTimeOffset.UnixEpoch).TotalMilliseconds);
            await Task.Delay(Apart, cancel);
        }
    }
}
