"""The text that ships with the reader: chapters of the King James Version, verse by verse."""

CHAPTERS = {
    ("Genesis", 1): [
        "In the beginning God created the heaven and the earth.",
        "And the earth was without form, and void; and darkness was upon the face of the deep. "
        "And the Spirit of God moved upon the face of the waters.",
        "And God said, Let there be light: and there was light.",
        "And God saw the light, that it was good: and God divided the light from the darkness.",
        "And God called the light Day, and the darkness he called Night. "
        "And the evening and the morning were the first day.",
    ],
    ("Psalms", 23): [
        "The LORD is my shepherd; I shall not want.",
        "He maketh me to lie down in green pastures: he leadeth me beside the still waters.",
        "He restoreth my soul: he leadeth me in the paths of righteousness for his name's sake.",
        "Yea, though I walk through the valley of the shadow of death, I will fear no evil: for thou art with me; "
        "thy rod and thy staff they comfort me.",
        "Thou preparest a table before me in the presence of mine enemies: thou anointest my head with oil; "
        "my cup runneth over.",
        "Surely goodness and mercy shall follow me all the days of my life: "
        "and I will dwell in the house of the LORD for ever.",
    ],
    ("Psalms", 117): [
        "O praise the LORD, all ye nations: praise him, all ye people.",
        "For his merciful kindness is great toward us: and the truth of the LORD endureth for ever. "
        "Praise ye the LORD.",
    ],
    ("John", 1): [
        "In the beginning was the Word, and the Word was with God, and the Word was God.",
        "The same was in the beginning with God.",
        "All things were made by him; and without him was not any thing made that was made.",
        "In him was life; and the life was the light of men.",
        "And the light shineth in darkness; and the darkness comprehended it not.",
    ],
    ("1 Corinthians", 13): [
        "Though I speak with the tongues of men and of angels, and have not charity, "
        "I am become as sounding brass, or a tinkling cymbal.",
        "And though I have the gift of prophecy, and understand all mysteries, and all knowledge; and though I have "
        "all faith, so that I could remove mountains, and have not charity, I am nothing.",
        "And though I bestow all my goods to feed the poor, and though I give my body to be burned, "
        "and have not charity, it profiteth me nothing.",
        "Charity suffereth long, and is kind; charity envieth not; charity vaunteth not itself, is not puffed up,",
    ],
}
ABBREVIATIONS = {
    "gen": "Genesis",
    "genesis": "Genesis",
    "ps": "Psalms",
    "psalm": "Psalms",
    "psalms": "Psalms",
    "jn": "John",
    "john": "John",
    "1 cor": "1 Corinthians",
    "1 corinthians": "1 Corinthians",
}
