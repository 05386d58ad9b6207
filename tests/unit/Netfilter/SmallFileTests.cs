using Mesh.Netfilter.Files;

namespace Mesh.Tests.Unit.Netfilter;

public sealed class SmallFileTests : IDisposable
{
    private readonly string path = Path.GetTempFileName();

    [Theory]
    [InlineData("")]
    [InlineData("0\n")]
    [InlineData("nameserver 10.0.0.53\nsearch ümläut\n")]
    public void Content_is_read_whole(string content)
    {
        File.WriteAllText(path, content);
        Assert.Equal(content, SmallFile.TryRead(path, 100));
    }

    [Fact]
    public void What_is_beyond_the_limit_is_left_out()
    {
        File.WriteAllText(path, new string('x', 5000));
        Assert.Equal(4096, SmallFile.TryRead(path, 4096)!.Length);
    }

    [Theory]
    [InlineData("/proc/self/no-such-file")]
    [InlineData("/")]
    public void Absent_and_unreadable_are_null(string absent) => Assert.Null(SmallFile.TryRead(absent, 100));

    [Fact]
    public void A_setting_of_the_kernel_is_read() => Assert.Equal("Linux", SmallFile.TryRead("/proc/sys/kernel/ostype", 100)?.Trim());

    public void Dispose() => File.Delete(path);
}
