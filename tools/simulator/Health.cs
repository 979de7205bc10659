using Hypervize.Simulator.OpenAi;

namespace Hypervize.Simulator;

/// <summary>Whether the model serves, and since when: the time that others take the runtime's own start from.</summary>
internal static class Health
{
    public static Task WriteAsync(HttpContext http, DateTimeOffset? readyAt) => http.WriteJsonAsync(readyAt is null ? 503 : 200, json =>
    {
        json.WriteString("status", readyAt is null ? "loading" : "ready");
        json.WriteString("ready_at", readyAt?.ToIso());
        json.WriteString("system_fingerprint", Speech.Fingerprint);
    });
}
