using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.RegularExpressions;
using Hypervize.Sizing.Weights;

namespace Hypervize.Sizing.Hub;

/// <summary>How the Hub answered, in its own error codes where it gives one.</summary>
internal enum HubStatus
{
    /// <summary>With what was asked for.</summary>
    Found,

    /// <summary>There is no such repository, or the token does not see it.</summary>
    NoRepository,

    /// <summary>The repository has no such revision.</summary>
    NoRevision,

    /// <summary>The repository has no such file.</summary>
    NoEntry,

    /// <summary>Access is granted one by one, and the token has none.</summary>
    Gated,

    /// <summary>The repository is disabled.</summary>
    Disabled,

    /// <summary>There is no such token.</summary>
    BadToken,

    /// <summary>Too many requests.</summary>
    Limited,

    /// <summary>Not at all, or not with anything that can be read.</summary>
    Silent,
}

/// <summary>An answer of the Hub.</summary>
/// <param name="Status">How.</param>
/// <param name="Body">What; empty when nothing was found.</param>
/// <param name="Reason">Why not, in words.</param>
internal sealed record HubAnswer(HubStatus Status, byte[] Body, string Reason = "")
{
    /// <summary>The document that was found.</summary>
    /// <exception cref="JsonException">It is none.</exception>
    public JsonElement Json() => JsonDocument.Parse(JsonText.Readable(Body)).RootElement;
}

/// <summary>
/// Asks the Hub: with patience for a slow one, again after a failure that may pass, as long as the Hub's own rate limit says, and
/// following redirects with the token only where it belongs.
/// </summary>
/// <param name="http">Client that follows no redirects by itself.</param>
/// <param name="settings">Where the Hub is.</param>
/// <param name="time">Time.</param>
internal sealed partial class HubHttp(HttpClient http, HubSettings settings, TimeProvider time)
{
    private const int Tries = 3;
    private const int MostRedirects = 5;
    private const int LongestReason = 200;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    /// <summary>Gets a document.</summary>
    /// <param name="path">Path below the Hub's origin.</param>
    /// <param name="token">Token; null to ask as anyone.</param>
    /// <param name="mostBytes">A longer answer is not read.</param>
    /// <param name="cancel">Stops.</param>
    public async Task<HubAnswer> GetAsync(string path, string? token, int mostBytes, CancellationToken cancel)
    {
        var answer = new HubAnswer(HubStatus.Silent, []);
        var pause = FirstPause;
        for (var tries = 1; tries <= Tries; tries++)
        {
            (answer, var wait) = await TryAsync(path, token, mostBytes, cancel);
            if (answer.Status is not (HubStatus.Silent or HubStatus.Limited) || wait > LongestPause || tries == Tries) break;
            await Task.Delay(wait ?? pause, time, cancel);
            pause *= 2;
        }
        return answer;
    }

    /// <summary>Opens a file where it begins; null when it can't be read. Reading on reads on.</summary>
    /// <param name="path">Path below the Hub's origin.</param>
    /// <param name="token">Token.</param>
    /// <param name="cancel">Stops.</param>
    public async Task<Stream?> OpenAsync(string path, string? token, CancellationToken cancel)
    {
        try
        {
            var response = await SendAsync(path, token, cancel);
            if (response.IsSuccessStatusCode) return await response.Content.ReadAsStreamAsync(cancel);
            response.Dispose();
            return null;
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return null;
        }
    }

    /// <summary>Reads a file on from an offset.</summary>
    /// <param name="path">Path below the Hub's origin.</param>
    /// <param name="from">Offset.</param>
    /// <param name="token">Token.</param>
    /// <param name="cancel">Stops.</param>
    /// <exception cref="HttpRequestException">The Hub does not give it, or not now.</exception>
    public async Task<PartialFile> DownloadAsync(string path, long from, string? token, CancellationToken cancel)
    {
        var response = await SendAsync(path, token, cancel, from);
        if (response.IsSuccessStatusCode)
            return new(await response.Content.ReadAsStreamAsync(cancel), response.StatusCode == HttpStatusCode.PartialContent ? from : 0);
        using (response) throw new HttpRequestException($"the Hub answered {Reading(response, await BodyAsync(response, 1024 * 1024, cancel)).Item2}", null, response.StatusCode);
    }

    private async Task<(HubAnswer, TimeSpan? Wait)> TryAsync(string path, string? token, int mostBytes, CancellationToken cancel)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        patience.CancelAfter(Patience);
        try
        {
            using var response = await SendAsync(path, token, patience.Token);
            var body = await BodyAsync(response, mostBytes, patience.Token);
            if (response.IsSuccessStatusCode) return (new(HubStatus.Found, body), null);
            var (status, reason) = Reading(response, body);
            return (new(status, [], reason), Wait(response));
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            // Who is silent for so long is silent for longer.
            return (new(HubStatus.Silent, [], $"no answer within {Patience.TotalSeconds:0} s"), TimeSpan.MaxValue);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return (new(HubStatus.Silent, [], (e.InnerException ?? e).Message), null);
        }
    }

    private async Task<HttpResponseMessage> SendAsync(string path, string? token, CancellationToken cancel, long from = 0)
    {
        var url = new Uri(settings.Endpoint, path);
        for (var redirects = 0; ; redirects++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, url);
            if (from > 0) request.Headers.Range = new(from, null);
            // A repository that was renamed is redirected within the Hub; a file to wherever it is stored, where the token has no business.
            if (token is not null && url.Scheme == settings.Endpoint.Scheme && url.Host == settings.Endpoint.Host && url.Port == settings.Endpoint.Port) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
            var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
            if ((int)response.StatusCode is not (301 or 302 or 303 or 307 or 308) || response.Headers.Location is not { } to) return response;
            response.Dispose();
            if (redirects == MostRedirects) throw new HttpRequestException("it redirects in circles");
            if (!Uri.TryCreate(url, to, out var next) || next.Scheme is not ("http" or "https")) throw new HttpRequestException("it redirects to where nothing can be read");
            url = next;
        }
    }

    private static async Task<byte[]> BodyAsync(HttpResponseMessage response, int mostBytes, CancellationToken cancel)
    {
        await using var stream = await response.Content.ReadAsStreamAsync(cancel);
        using var body = new MemoryStream();
        var buffer = new byte[16 * 1024];
        for (int read; (read = await stream.ReadAsync(buffer, cancel)) > 0;)
        {
            body.Write(buffer, 0, read);
            if (body.Length > mostBytes) throw new HttpRequestException($"its answer is longer than {mostBytes / 1024 / 1024} MB");
        }
        return body.ToArray();
    }

    // The Hub's error code says most; where there is none, status and words must do.
    private static (HubStatus, string) Reading(HttpResponseMessage response, byte[] body)
    {
        var code = response.Headers.TryGetValues("X-Error-Code", out var codes) ? codes.First() : null;
        var words = response.Headers.TryGetValues("X-Error-Message", out var messages) ? messages.First() : Words(body);
        HubStatus? status = code switch
        {
            "RepoNotFound" => HubStatus.NoRepository,
            "RevisionNotFound" => HubStatus.NoRevision,
            "EntryNotFound" => HubStatus.NoEntry,
            "GatedRepo" => HubStatus.Gated,
            "DisabledRepo" => HubStatus.Disabled,
            _ => null,
        };
        status ??= (int)response.StatusCode switch
        {
            401 when Says("Invalid credentials") => HubStatus.BadToken,
            401 when Says("gated") || Says("restricted") => HubStatus.Gated,
            401 or 404 => HubStatus.NoRepository, // Who may not know whether a repository is there is told 401.
            403 when Says("disabled") => HubStatus.Disabled,
            403 => HubStatus.Gated,
            429 => HubStatus.Limited,
            _ => HubStatus.Silent,
        };
        return (status.Value, words.Length > 0 ? Line(words) : $"it answered {(int)response.StatusCode}");

        bool Says(string part) => words.Contains(part, StringComparison.OrdinalIgnoreCase);
    }

    // What a stranger says is shown on one line, and not at any length.
    private static string Line(string words)
    {
        var line = string.Concat(words.Take(LongestReason).Select(c => char.IsControl(c) ? ' ' : c)).Trim();
        return words.Length > LongestReason ? line + "…" : line;
    }

    private static string Words(byte[] body)
    {
        try
        {
            using var document = JsonDocument.Parse(JsonText.Readable(body));
            return document.RootElement switch
            {
                { ValueKind: JsonValueKind.Object } o when o.TryGetProperty("error", out var error) => error.ValueKind == JsonValueKind.Array ? string.Join("; ", error.EnumerateArray()) : error.ToString(),
                { ValueKind: JsonValueKind.Object } o when o.TryGetProperty("errors", out var errors) && errors.ValueKind == JsonValueKind.Array =>
                    string.Join("; ", errors.EnumerateArray().Select(e => e.ValueKind == JsonValueKind.Object && e.TryGetProperty("message", out var message) ? message.ToString() : e.ToString())),
                _ => "",
            };
        }
        catch (JsonException)
        {
            return "";
        }
    }

    // Hub: ratelimit: "api";r=0;t=55 — t is the seconds until there are requests again.
    private static TimeSpan? Wait(HttpResponseMessage response)
    {
        if (response.Headers.RetryAfter?.Delta is { } delta) return delta;
        if (response.StatusCode == HttpStatusCode.TooManyRequests && response.Headers.TryGetValues("ratelimit", out var limits) && ResetIn().Match(limits.First()) is { Success: true } reset)
            return TimeSpan.FromSeconds(int.Parse(reset.Groups[1].Value, CultureInfo.InvariantCulture));
        return null;
    }

    [GeneratedRegex(@";\s*t=(\d{1,6})", RegexOptions.CultureInvariant)]
    private static partial Regex ResetIn();
}
