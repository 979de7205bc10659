using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Hypervize.Dashboard.Billing;
using Hypervize.Dashboard.Live;
using Hypervize.Dashboard.Sessions;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace Hypervize.Dashboard.Tests;

/// <summary>Usage as a file.</summary>
public sealed class UsageCsvSpecs : IAsyncLifetime, IDisposable
{
    private static readonly DateOnly Today = new(2026, 11, 20);
    private readonly FakePlatform _platform = new();
    private WebApplication _app = null!;
    private HttpClient _visitor = null!;

    public async Task InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<TimeProvider>(new FakeTimeProvider(Some.Now)).AddSingleton(_platform.Access).AddSingleton<FleetFeeds>().AddSingleton(new DashboardSettings());
        builder.Services.AddSessions(new DashboardSettings());
        _app = builder.Build();
        _app.UseAuthentication();
        _app.UseAuthorization();
        _app.MapUsageCsv();
        _app.MapGet("/begin", async http => await http.SignInAsync(Some.Session.ToPrincipal())).WithMetadata(new AllowAnonymousAttribute());
        await _app.StartAsync();
        _visitor = new HttpClient { BaseAddress = new(_app.Urls.Single()) };
    }

    public async Task DisposeAsync() => await _app.DisposeAsync();

    public void Dispose()
    {
        _visitor.Dispose();
        _platform.Dispose();
    }

    [Fact]
    public async Task Usage_comes_by_endpoint_and_day_with_all_decimals()
    {
        _platform.Has(Some.Endpoint);
        _platform.Answer("GET v1/billing/usage", Usages.Of(Usages.Charge(Today, 0.000001m, seconds: 7), Usages.Charge(Today.AddDays(-1), 12.345678m), Usages.Charge(Today, 1m, endpoint: "endpt-0000000000e9")));
        using var answer = await SignedInAsync("billing/usage.csv?from=2026-11-01&to=2026-11-20");
        Assert.Equal("text/csv; charset=utf-8; header=present", answer.Content.Headers.ContentType!.ToString());
        Assert.Equal("attachment", answer.Content.Headers.ContentDisposition!.DispositionType);
        Assert.Equal("hypervize-usage-2026-11-01-to-2026-11-20.csv", answer.Content.Headers.ContentDisposition.FileName);
        Assert.Equal(
            "day,endpoint_id,endpoint_name,node_seconds,amount_usd\r\n"
            + "2026-11-19,endpt-0000000000e1,chat,1800,12.345678\r\n"
            + "2026-11-20,endpt-0000000000e1,chat,7,0.000001\r\n"
            + "2026-11-20,endpt-0000000000e9,,1800,1\r\n", await answer.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Every_charge_comes_with_its_events_in_utc()
    {
        _platform.Answer("GET v1/billing/usage", Usages.Of(Usages.Charge(Today, 0.503m, closed: Usages.Closed), Usages.Charge(Today, 0.1m, subject: "node-2")));
        using var answer = await SignedInAsync($"billing/usage.csv?from=2026-11-20&to=2026-11-20&lines=true&endpoint={Some.EndpointId}");
        Assert.Equal("hypervize-endpt-0000000000e1-charges-2026-11-20-to-2026-11-20.csv", answer.Content.Headers.ContentDisposition!.FileName);
        var rows = (await answer.Content.ReadAsStringAsync()).Split("\r\n");
        Assert.Equal($"2026-11-20,endpt-0000000000e1,,node,node-1,g5.xlarge,2026-11-20T10:00:00Z,2026-11-20T10:30:00Z,1800,1.006,0.503,{Usages.Opened},{Usages.Closed}", rows[1]);
        Assert.EndsWith($"0.1,{Usages.Opened},", rows[2], StringComparison.Ordinal);
        Assert.Contains(_platform.Asked, a => a.Call == "GET v1/billing/usage?from=2026-11-20T00:00:00.000Z&to=2026-11-20T12:00:00.000Z&endpoint=endpt-0000000000e1&lines=true");
    }

    [Fact]
    public async Task A_name_that_a_spreadsheet_would_carry_out_is_made_harmless()
    {
        _platform.Has(Some.Endpoint with { Name = "=HYPERLINK(\"http://evil\",1)" });
        _platform.Answer("GET v1/billing/usage", Usages.Of(Usages.Charge(Today, 1m)));
        using var answer = await SignedInAsync("billing/usage.csv");
        Assert.Contains(",\"'=HYPERLINK(\"\"http://evil\"\",1)\",", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("a,b", "\"a,b\"")]
    [InlineData("a \"b\"", "\"a \"\"b\"\"\"")]
    [InlineData("a\nb", "\"a\nb\"")]
    [InlineData("+1", "'+1")]
    [InlineData("-1", "'-1")]
    [InlineData("@x", "'@x")]
    [InlineData("\t=1", "'\t=1")]
    [InlineData("a=b", "a=b")]
    [InlineData("", "")]
    public void A_cell_is_quoted_where_it_must_be(string text, string cell) => Assert.Equal($"{cell}\r\n", Csv.Row(text));

    [Fact]
    public void Numbers_are_no_texts() => Assert.Equal("-1.50,2026-11-20,2026-11-20T12:00:00Z,,7\r\n", Csv.Row(-1.50m, Today, Some.Now, null, 7L));

    [Fact]
    public async Task A_long_time_comes_as_one_file()
    {
        _platform.Answer("GET v1/billing/usage", Usages.Of(Usages.Charge(Today, 1m)));
        using var answer = await SignedInAsync("billing/usage.csv?from=2024-11-20&to=2026-11-20");
        Assert.Equal(1 + 2, (await answer.Content.ReadAsStringAsync()).Split("\r\n", StringSplitOptions.RemoveEmptyEntries).Length);
    }

    [Theory]
    [InlineData("from=2026-11-20&to=2026-11-19", "from")]
    [InlineData("from=2026-11-20", "to")]
    [InlineData("from=2026-11-20&to=2026-11-21", "to")]
    [InlineData("from=1900-01-01&to=2026-11-20", "to")]
    public async Task Days_that_can_t_be_are_refused(string query, string field)
    {
        using var answer = await SignedInAsync($"billing/usage.csv?{query}");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.StatusCode);
        var problem = (await answer.Content.ReadFromJsonAsync<JsonNode>())!;
        Assert.Equal("invalid_period", (string?)problem["code"]);
        Assert.NotNull(problem["errors"]![field]);
    }

    [Fact]
    public async Task What_the_platform_refuses_is_no_file()
    {
        _platform.Refuse("GET v1/billing/usage", 403, "scope_missing", "This needs a key with scope manage or global.");
        using var answer = await SignedInAsync("billing/usage.csv");
        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        Assert.Equal("scope_missing", (string?)(await answer.Content.ReadFromJsonAsync<JsonNode>())!["code"]);
        Assert.Null(answer.Content.Headers.ContentDisposition);
    }

    [Fact]
    public async Task A_file_that_breaks_off_does_not_look_whole()
    {
        _platform.Answer("GET v1/billing/usage", Usages.Of(Usages.Charge(Today, 1m)));
        _platform.Refuse("GET v1/billing/usage?from=2026-10-02T00:00:00.000Z&to=2026-11-20T12:00:00.000Z", 503, "platform_unavailable", "Away.");
        await Assert.ThrowsAnyAsync<HttpRequestException>(async () => await SignedInAsync("billing/usage.csv?from=2025-10-01&to=2026-11-20"));
    }

    [Fact]
    public async Task Nobody_who_is_not_signed_in_is_given_a_file()
    {
        using var answer = await _visitor.GetAsync("billing/usage.csv");
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.DoesNotContain(_platform.Asked, a => a.Call.StartsWith("GET v1/billing", StringComparison.Ordinal));
    }

    private async Task<HttpResponseMessage> SignedInAsync(string path)
    {
        using var begun = await _visitor.GetAsync("begin");
        begun.EnsureSuccessStatusCode();
        return await _visitor.GetAsync(path);
    }
}
