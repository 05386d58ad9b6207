using Mesh.Daemon.Composition;

namespace Mesh.Tests.Unit.Daemon;

public sealed class StartUpCodeTests
{
    [Fact]
    public void Only_code_and_shared_parts_of_files_without_pages_of_our_own_are_released()
    {
        string[] smaps =
        [
            "1000-3000 r-xp 00000000 fe:00 12 /usr/bin/meshd", "Rss: 8 kB", "Anonymous: 0 kB",
            "3000-4000 r-xp 00000000 fe:00 12 /usr/bin/changed", "Rss: 4 kB", "Anonymous: 4 kB",
            "4000-5000 r--s 00000000 fe:00 12 /usr/bin/with space", "Rss: 4 kB", "Anonymous: 0 kB",
            "5000-6000 rw-p 00000000 fe:00 12 /usr/bin/meshd", "Rss: 4 kB", "Anonymous: 0 kB",
            "6000-7000 r--p 00000000 fe:00 12 /usr/bin/relocated", "Rss: 4 kB", "Anonymous: 0 kB",
            "7000-8000 r-xs 00000000 00:01 12 /memfd:doublemapper (deleted)", "Rss: 4 kB", "Anonymous: 0 kB",
            "8000-9000 r-xp 00000000 00:00 0 [vdso]", "Rss: 4 kB", "Anonymous: 0 kB",
            "9000-a000 r-xp 00000000 00:00 0", "Rss: 4 kB", "Anonymous: 0 kB",
        ];
        Assert.Equal([(0x1000, 0x2000), (0x4000, 0x1000)], StartUpCode.CodeIn(smaps));
    }
}
