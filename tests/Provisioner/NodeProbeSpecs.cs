using System.Text;
using Hypervize.Provisioner.Local;

namespace Hypervize.Provisioner.Tests;

/// <summary>What nodes answer.</summary>
public sealed class NodeProbeSpecs
{
    [Theory, InlineData("[]"), InlineData("{"), InlineData("{\"ready_at\":1}"), InlineData("{\"ready_at\":\"soon\"}"), InlineData("null")]
    public void A_runtime_need_not_say_when_it_became_ready(string body) => Assert.Null(NodeProbe.ReadyAt(Encoding.UTF8.GetBytes(body)));

    [Fact]
    public void A_runtime_may_say_when_it_became_ready() => Assert.Equal(Some.Noon, NodeProbe.ReadyAt("""{"status":"ok","ready_at":"2026-01-01T12:00:00.000Z"}"""u8));
}
