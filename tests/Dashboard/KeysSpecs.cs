using Bunit;
using Bunit.TestDoubles;
using Hypervize.Contracts;
using Hypervize.Dashboard.Keys;
using Hypervize.Dashboard.Sessions;
using Microsoft.Extensions.DependencyInjection;

namespace Hypervize.Dashboard.Tests;

/// <summary>The account's keys.</summary>
public sealed class KeysSpecs : PageContext
{
    private const string Secret = "hvz_live_abcdefghijklmnopqrstuvwxyz0123456";
    private static readonly KeyResource Own = new("key-000000000001", "laptop", "hvz_live_Test", [KeyScope.Global], Some.Now.AddDays(-3), null, null);
    private static readonly KeyResource Other = new("key-000000000002", "chat-backend", "hvz_live_Abcd", [KeyScope.Inference], Some.Now.AddHours(-2), new(600, 4), null);
    private readonly BunitJSModuleInterop _script;

    public KeysSpecs()
    {
        Platform.Answer("GET v1/keys", new KeyList([Own, Other]));
        _script = JSInterop.SetupModule("./js/dialogs.js");
        _script.Mode = JSRuntimeMode.Loose;
    }

    [Fact]
    public void Keys_are_listed_with_what_they_may_do_and_the_one_in_use_is_marked()
    {
        var page = Listed();
        var (own, other) = (page.FindAll(".keys tbody tr")[0].TextContent, page.FindAll(".keys tbody tr")[1].TextContent);
        Assert.Contains("this session", own);
        Assert.Contains("global", own);
        Assert.Contains("3 d ago", own);
        Assert.DoesNotContain("this session", other);
        Assert.Contains("hvz_live_Abcd…", other);
        Assert.Contains("600 per minute, 4 at once", other);
        Assert.Contains("2 keys of at most 100", page.Markup);
    }

    [Fact]
    public void A_key_that_may_not_touch_keys_is_told_calmly()
    {
        var page = Show<KeysPage>(session: Some.Session with { Scopes = [KeyScope.Manage] });
        page.WaitForAssertion(() => Assert.Contains("one of scope global", page.Find(".empty").TextContent));
        Assert.DoesNotContain(Platform.Asked, a => a.Call.Contains("v1/keys", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_issued_key_is_shown_whole_once_with_the_focus_on_it()
    {
        var page = await IssuedAsync();
        Assert.Equal(Secret, page.Find("input.secret").GetAttribute("value"));
        Assert.Equal(Secret, page.Find(".new [data-copy]").GetAttribute("data-copy"));
        Assert.Contains("shown this once", page.Find(".new").TextContent);
        await HoldsAsync(() => _script.VerifyInvoke("reveal"));
        var body = Platform.Asked.Single(a => a.Call == "POST v1/keys").Body!;
        Assert.Equal(("ci", "manage", 60), ((string?)body["name"], (string?)body["scope"], (int)body["limits"]!["requestsPerMinute"]!));
        Assert.Null(body["limits"]!["concurrent"]);

        await page.InvokeAsync(() => page.Find(".new > .button.primary").Click());
        page.WaitForAssertion(() => Assert.DoesNotContain(Secret, page.Markup));
    }

    [Fact]
    public async Task Leaving_without_the_key_is_asked_about_first()
    {
        var page = await IssuedAsync();
        Navigation.NavigateTo("billing");
        var first = ((BunitNavigationManager)Navigation).History.First();
        Assert.Equal(NavigationState.Prevented, first.State);
        await HoldsAsync(() => _script.VerifyInvoke("open"));
        await page.InvokeAsync(() => page.Find("dialog[aria-label^='Leave'] form").Submit());
        Assert.EndsWith("billing", Navigation.Uri);
    }

    [Fact]
    public async Task A_key_s_text_is_in_no_address_and_given_to_no_script()
    {
        var page = await IssuedAsync();
        await page.InvokeAsync(() => page.Find(".new > .button.primary").Click());
        Assert.DoesNotContain(Platform.Asked, a => a.Call.Contains(Secret, StringComparison.Ordinal));
        Assert.DoesNotContain(JSInterop.Invocations.Concat(_script.Invocations), i => i.Arguments.Any(a => a is string text && text.Contains(Secret, StringComparison.Ordinal)));
        Assert.DoesNotContain(Secret, Navigation.Uri);
        Assert.DoesNotContain(Secret, (Other with { Key = Secret }).ToString());
    }

    [Fact]
    public async Task What_is_wrong_with_a_key_is_said_beside_its_field()
    {
        var page = Listed();
        await page.InvokeAsync(() => page.Find(".page-head button").Click());
        page.WaitForElement(".issue form");
        await page.InvokeAsync(() => page.FindAll(".issue .limits input")[1].Input("many"));
        await page.InvokeAsync(() => page.Find(".issue form").Submit());
        page.WaitForAssertion(() => Assert.Contains("Give it a name", page.Find("#issue-name-wrong").TextContent));
        Assert.Contains("whole number", page.Find("#issue-concurrent").TextContent);
        Assert.DoesNotContain(Platform.Asked, a => a.Call == "POST v1/keys");

        Platform.Refuse("POST v1/keys", 422, "invalid_request", "Some fields are wrong.", ("limits.concurrent", "must lie between 1 and 100000, not be 0"));
        await page.InvokeAsync(() => page.Find(".issue .name input").Input("ci"));
        await page.InvokeAsync(() => page.FindAll(".issue .limits input")[1].Input("0"));
        await page.InvokeAsync(() => page.Find(".issue form").Submit());
        page.WaitForAssertion(() => Assert.Equal("It must lie between 1 and 100000, not be 0.", page.Find("#issue-concurrent").TextContent));
        Assert.Equal("", page.Find("#issue-name-wrong").TextContent);
    }

    [Fact]
    public async Task One_key_too_many_says_what_to_do()
    {
        Platform.Refuse("POST v1/keys", 409, "too_many_keys", "An account has at most 100 keys. Revoke one that is not used any more.");
        var page = Listed();
        await page.InvokeAsync(() => page.Find(".page-head button").Click());
        page.WaitForElement(".issue form");
        await page.InvokeAsync(() => page.Find(".issue .name input").Input("ci"));
        await page.InvokeAsync(() => page.Find(".issue form").Submit());
        page.WaitForAssertion(() => Assert.Contains("at most 100 keys", page.Find(".issue .notice").TextContent));
    }

    [Theory]
    [InlineData(KeyScope.Global, new[] { "inference", "manage", "global" })]
    [InlineData(KeyScope.Operator, new[] { "inference", "manage", "global", "operator" })]
    public async Task Only_an_operator_is_offered_an_operator_s_key(KeyScope scope, string[] offered)
    {
        var page = Listed(Some.Session with { Scopes = [scope] });
        await page.InvokeAsync(() => page.Find(".page-head button").Click());
        page.WaitForElement(".issue form");
        page.WaitForAssertion(() => Assert.Equal(offered, page.FindAll(".scope input").Select(s => s.GetAttribute("value"))));
    }

    [Fact]
    public async Task Limits_are_changed()
    {
        Platform.Answer($"PATCH v1/keys/{Other.Id}", Other with { Limits = new(null, 8) });
        var page = Listed();
        await page.InvokeAsync(() => page.Find($"button[aria-label='Change limits of {Other.Name}']").Click());
        page.WaitForAssertion(() => Assert.Equal(["600", "4"], page.FindAll("dialog[aria-label^='Limits'] input").Select(i => i.GetAttribute("value"))));
        await page.InvokeAsync(() => page.FindAll("dialog[aria-label^='Limits'] input")[0].Input(""));
        await page.InvokeAsync(() => page.FindAll("dialog[aria-label^='Limits'] input")[1].Input("8"));
        Platform.Answer("GET v1/keys", new KeyList([Own, Other with { Limits = new(null, 8) }]));
        await page.InvokeAsync(() => page.Find("dialog[aria-label^='Limits'] form").Submit());
        page.WaitForAssertion(() => Assert.Contains("8 at once", page.FindAll(".keys tbody tr")[1].TextContent));
        var limits = Platform.Asked.Single(a => a.Call.StartsWith("PATCH", StringComparison.Ordinal)).Body!["limits"]!;
        Assert.Null(limits["requestsPerMinute"]);
        Assert.Equal(8, (int)limits["concurrent"]!);
        await HoldsAsync(() => _script.VerifyInvoke("close"));
    }

    [Fact]
    public async Task A_key_is_revoked_once_that_is_confirmed()
    {
        Platform.Answer($"DELETE v1/keys/{Other.Id}", null, 204);
        var page = Listed();
        await page.InvokeAsync(() => page.Find($"button[aria-label='Revoke {Other.Name}']").Click());
        await HoldsAsync(() => _script.VerifyInvoke("open"));
        page.WaitForAssertion(() => Assert.Contains("can't be undone", page.Find("dialog[aria-label^='Revoke']").TextContent));
        Assert.DoesNotContain("This session uses", page.Markup);
        Assert.DoesNotContain(Platform.Asked, a => a.Call.StartsWith("DELETE", StringComparison.Ordinal));

        Platform.Answer("GET v1/keys", new KeyList([Own]));
        await page.InvokeAsync(() => page.Find("dialog[aria-label^='Revoke'] form").Submit());
        page.WaitForAssertion(() => Assert.Single(page.FindAll(".keys tbody tr")));
        page.WaitForAssertion(() => Assert.Contains("chat-backend was revoked", page.Find(".said").TextContent));
        Assert.False(Services.GetRequiredService<EndedSessions>().HasEnded(Some.Session.Id));
    }

    [Fact]
    public async Task To_revoke_the_key_in_use_ends_the_session_and_says_so_before()
    {
        Platform.Answer($"DELETE v1/keys/{Own.Id}", null, 204);
        var page = Listed();
        await page.InvokeAsync(() => page.Find($"button[aria-label='Revoke {Own.Name}']").Click());
        page.WaitForAssertion(() => Assert.Contains("You are signed out as soon as it is revoked", page.Find("dialog[aria-label^='Revoke']").TextContent));
        await page.InvokeAsync(() => page.Find("dialog[aria-label^='Revoke'] form").Submit());
        page.WaitForAssertion(() => Assert.True(Services.GetRequiredService<EndedSessions>().HasEnded(Some.Session.Id)));
    }

    [Fact]
    public async Task Keys_that_can_t_be_listed_are_asked_for_again()
    {
        Platform.Refuse("GET v1/keys", 503, "platform_unavailable", "Endpoints is away.");
        var page = Show<KeysPage>();
        page.WaitForAssertion(() => Assert.Contains("Endpoints is away.", page.Markup));
        Platform.Answer("GET v1/keys", new KeyList([Own]));
        await Usages.HoldsAsync(Time, TimeSpan.FromSeconds(15), () =>
        {
            Assert.Contains("laptop", page.Find(".keys").TextContent);
        });
    }

    private IRenderedComponent<KeysPage> Listed(Session? session = null)
    {
        var page = Show<KeysPage>(session: session);
        page.WaitForAssertion(() => Assert.Contains("laptop", page.Find(".keys").TextContent));
        return page;
    }

    private async Task<IRenderedComponent<KeysPage>> IssuedAsync()
    {
        Platform.Answer("POST v1/keys", new KeyResource("key-000000000003", "ci", Secret[..13], [KeyScope.Manage], Some.Now, new(60), Secret), 201);
        var page = Listed();
        await page.InvokeAsync(() => page.Find(".page-head button").Click());
        page.WaitForElement(".issue form");
        await page.InvokeAsync(() => page.Find(".issue .name input").Input("ci"));
        await page.InvokeAsync(() => page.Find(".scope input[value=manage]").Change("manage"));
        await page.InvokeAsync(() => page.FindAll(".issue .limits input")[0].Input("60"));
        await page.InvokeAsync(() => page.Find(".issue form").Submit());
        page.WaitForElement("input.secret");
        return page;
    }
}
