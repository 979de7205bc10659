using Hypervize.Client;
using Hypervize.Dashboard.Deploy;

namespace Hypervize.Dashboard.Tests;

/// <summary>What to do about a refusal.</summary>
public sealed class AdviceSpecs
{
    private static readonly QuoteAsk Plain = new("acme/Llama-8B", null, null, null, null, false);

    [Theory]
    [InlineData("model_not_found", 422, Remedy.GiveToken)]
    [InlineData("revision_not_found", 422, Remedy.None)]
    [InlineData("model_gated", 422, Remedy.None)]
    [InlineData("model_disabled", 422, Remedy.None)]
    [InlineData("model_unsupported", 422, Remedy.None)]
    [InlineData("model_too_large", 422, Remedy.None)]
    [InlineData("hub_token_invalid", 422, Remedy.None)]
    [InlineData("hub_rate_limited", 503, Remedy.AskAgain)]
    [InlineData("hub_unreachable", 503, Remedy.AskAgain)]
    [InlineData("weights_unreadable", 422, Remedy.None)]
    [InlineData("platform_unavailable", 503, Remedy.AskAgain)]
    [InlineData(null, null, Remedy.AskAgain)]
    public void Every_refusal_has_its_remedy(string? code, int? status, Remedy remedy) => Assert.Equal(remedy, Advice.Of(Refusal(code, status), Plain, true).Remedy);

    [Fact]
    public void What_is_too_large_as_it_was_asked_for_can_be_asked_for_otherwise()
    {
        var refusal = Refusal("model_too_large", 422);
        Assert.Equal(Remedy.AnyHardware, Advice.Of(refusal, Plain with { Hardware = "g4dn.xlarge", Context = 100_000 }, true).Remedy);
        Assert.Equal(Remedy.DefaultContext, Advice.Of(refusal, Plain with { Context = 100_000 }, true).Remedy);
    }

    [Fact]
    public void Where_there_is_no_hardware_to_choose_none_is_offered() => Assert.Equal(Remedy.None, Advice.Of(Refusal("model_too_large", 422), Plain with { Hardware = "local" }, false).Remedy);

    [Fact]
    public void A_token_can_be_given_once_and_only_for_what_the_Hub_has()
    {
        var refusal = Refusal("model_not_found", 422);
        Assert.Equal(Remedy.None, Advice.Of(refusal, Plain with { Token = "hf_x" }, true).Remedy);
        Assert.Equal(Remedy.None, Advice.Of(refusal, Plain with { Model = "/srv/models/mine" }, true).Remedy);
    }

    [Theory]
    [InlineData("model_gated", true)]
    [InlineData("hub_token_invalid", true)]
    [InlineData("model_not_found", false)]
    [InlineData("model_too_large", false)]
    [InlineData(null, false)]
    public void A_token_is_asked_for_when_the_refusal_says_so(string? code, bool asks) => Assert.Equal(asks, Advice.AsksForToken(Refusal(code, 422)));

    private static RefusedException Refusal(string? code, int? status) => new("No.") { Code = code, Status = status };
}
